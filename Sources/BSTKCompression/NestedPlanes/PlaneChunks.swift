internal import BSTKCodec
internal import BSTKFormat
internal import BSTKModelFiles
internal import BSTKNumerics
internal import Synchronization

/// The stored chunks of a coded matrix, compressed on all threads: most of the time goes to planes
/// that hardly become shorter.
enum PlaneChunks {
  /// One chunk a plane.
  ///
  /// - Throws: `LIMIT` when a plane is above the Spec's limit, `FLOAT` when the matrix has weights
  ///   beyond its bound, and what compressing throws.
  static func encode(
    _ code: NestedPlaneCode, tensor: TensorDescription
  ) throws(BSTKError) -> [EncodedChunk] {
    let record = MatrixRecord(
      name: tensor.name, sourceType: tensor.type, rows: code.rows, columns: code.columns,
      kind: .nestedPlanes, levelCount: code.planes.count,
      outlierCount: code.outlierPositions.count)
    var payloads: [[UInt8]] = []
    var layouts: [ChunkLayout] = []
    for level in code.planes.indices {
      let layout = try record.layout(
        ofLevel: level, rank: level == 0 ? 1 : 0,
        vectors: level == 0 ? BSTKFormat.VectorType(code.vectorType) : nil)
      let payload = code.payload(ofLevel: level, layout)
      try layout.validate(payload.span, chunk: 0)
      payloads.append(payload)
      layouts.append(layout)
    }
    let results = Mutex([Result<EncodedChunk, BSTKError>?](repeating: nil, count: payloads.count))
    let (parts, shapes) = (payloads, layouts)
    Parallel.forEach(parts.count) { level in
      let result: Result<EncodedChunk, BSTKError>
      do throws(BSTKError) {
        result = .success(try encode(parts[level], shapes[level], level == 0 ? nil : parts[0]))
      } catch {
        result = .failure(error)
      }
      results.withLock { $0[level] = result }
    }
    var chunks: [EncodedChunk] = []
    for result in results.withLock({ $0 }) {
      guard let result else { preconditionFailure("every plane was compressed") }
      chunks.append(try result.get())
    }
    return chunks
  }

  private static func encode(
    _ payload: [UInt8], _ layout: ChunkLayout, _ firstPlane: [UInt8]?
  ) throws(BSTKError) -> EncodedChunk {
    let encoder = try ChunkEncoder()
    guard let firstPlane else { return try encoder.encode(payload.span, layout) }
    return try encoder.encode(payload.span, layout, firstPlane: firstPlane.span)
  }
}

extension BSTKFormat.VectorType {
  /// The same type in the format's terms.
  init(_ type: BSTKNumerics.VectorType) {
    switch type {
    case .fp16: self = .f16
    case .bf16: self = .bf16
    case .int8: self = .i8
    case .log8: self = .log8
    }
  }
}
