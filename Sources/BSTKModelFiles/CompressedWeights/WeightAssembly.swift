public import BSTKCodec
public import BSTKFormat
package import BSTKNumerics

/// The weights of a `.bstk` file as they are put together from its chunks in file order, whether
/// those are read or still arrive.
///
/// Every chunk goes straight into its place in memory and is needed no more. Once those of the base
/// are here the model is complete.
///
/// ```swift
/// var assembly = WeightAssembly(manifest)
/// let decoder = try ChunkDecoder()
/// while assembly.chunkCount < manifest.baseChunkCount {
///   let stored: [UInt8] = // the chunk's bytes in the file
///   try assembly.append(stored: stored.span, decoder: decoder)
/// }
/// ```
public struct WeightAssembly: Sendable {
  /// Header and index of the file.
  public let manifest: Manifest
  /// The leading chunks that have been taken or left out.
  public private(set) var chunkCount = 0
  private var matrices: [PackedMatrix?]
  private var tensors: [Int: DenseTensor] = [:]
  private var files: [Int: [UInt8]] = [:]
  private let matrixTensors: [String: MatrixTensor]
  private let tensorNumbers: [String: Int]

  /// Weights of which nothing is here yet.
  public init(_ manifest: Manifest) {
    self.manifest = manifest
    matrices = manifest.matrices.map { _ in nil }
    matrixTensors = Dictionary(
      uniqueKeysWithValues: manifest.matrixTensors.map { ($0.name, $0) })
    tensorNumbers = manifest.tensorNumbers
  }

  /// Takes the next chunk.
  ///
  /// - Parameters:
  ///   - stored: Its bytes in the file.
  ///   - isVerified: Whether they have been compared with the index already.
  /// - Throws: what decoding the chunk throws; it has not been taken then.
  public mutating func append(
    stored: Span<UInt8>, decoder: borrowing ChunkDecoder, isVerified: Bool = false
  ) throws(BSTKError) {
    let chunk = chunkCount
    if case .ignorable = manifest.layout(ofChunk: chunk) { return skip() }
    let firstPlane = manifest.firstPlane(ofChunk: chunk) { matrices[$0] }
    let payload = try decoder.decode(
      stored, chunk: chunk, of: manifest, firstPlane: firstPlane?.span, isVerified: isVerified)
    switch manifest.chunks[chunk].contents {
    case .block(let number, _, _, _):
      try manifest.append(payload, chunk: chunk, to: &matrices[number])
    case .tile(let number):
      switch manifest.objects[number].contents {
      case .auxiliary: files[number, default: []] += payload
      case .tensor(let type, _):
        let byteCount = Int(manifest.objects[number].byteCount)
        if tensors[number] == nil { tensors[number] = DenseTensor(type, byteCount: byteCount) }
        tensors[number]?.append(payload)
      case .ignorable: break
      }
    }
    chunkCount = chunk + 1
  }

  /// Leaves the next chunk out: a tile of a file that is of no interest.
  ///
  /// - Precondition: it belongs to no matrix and no tensor.
  public mutating func skip() {
    switch manifest.layout(ofChunk: chunkCount) {
    case .file, .ignorable: chunkCount += 1
    case .tensor, .signBlock, .firstPlane, .refinement:
      preconditionFailure("a weight must not be left out")
    }
  }

  /// An auxiliary file such as `config.json`; nil where the model has none of that name or not all
  /// of it is here.
  public func auxiliaryFile(_ name: String) -> [UInt8]? {
    guard
      let number = manifest.objects.firstIndex(where: { object in
        if case .auxiliary = object.contents { object.name == name } else { false }
      })
    else { return nil }
    let bytes = files[number] ?? []
    return bytes.count == Int(manifest.objects[number].byteCount) ? bytes : nil
  }
}

extension WeightAssembly: WeightSource {
  /// The shape of a matrix or dense tensor, or nil when the file has none of that name.
  public func shape(of name: String) -> [Int]? {
    if let tensor = matrixTensors[name] { return [tensor.rows, tensor.columns] }
    guard let number = tensorNumbers[name],
      case .tensor(_, let dimensions) = manifest.objects[number].contents
    else { return nil }
    return dimensions
  }

  /// A tensor as fp32, row-major.
  ///
  /// - Throws: `MODEL` when there is no such tensor, `TOO_SHORT` while parts of it are missing,
  ///   `MODEL_UNSUPPORTED` when its elements are not floating point.
  public func loadFloats(_ name: String) throws -> [Float] {
    if matrixTensors[name] != nil { return try loadMatrix(name).floats() }
    return try dense(name).tensor.floats
  }

  /// A matrix in its code, or a tensor of two dimensions with its elements as they are stored; it
  /// shares the assembly's memory.
  ///
  /// - Throws: as ``loadFloats(_:)``.
  public func loadMatrix(_ name: String) throws -> WeightMatrix {
    if let tensor = matrixTensors[name] {
      return WeightMatrix(
        try tensor.parts.map { number throws(BSTKError) in
          guard let matrix = matrices[number] else { throw missing(name) }
          return matrix
        })
    }
    let (tensor, shape) = try dense(name)
    guard shape.count == 2 else { throw BSTKError(.model, "the file has no matrix \(name)") }
    return try tensor.matrix(rows: shape[0], columns: shape[1])
  }

  private func dense(_ name: String) throws(BSTKError) -> (tensor: DenseTensor, shape: [Int]) {
    guard let number = tensorNumbers[name],
      case .tensor(let type, let shape) = manifest.objects[number].contents
    else { throw BSTKError(.model, "the file has no tensor \(name)") }
    guard type.isFloatingPoint else { throw .elementType(type, of: name) }
    let tileEnd = manifest.firstTile(ofObject: number) + manifest.objects[number].tileCount
    guard let tensor = tensors[number], tileEnd <= chunkCount else { throw missing(name) }
    return (tensor, shape)
  }

  private func missing(_ name: String) -> BSTKError {
    BSTKError(
      .tooShort, "\(name) is not whole in the first \(chunkCount) chunks",
      offset: manifest.byteCount(ofChunks: chunkCount), section: .tail)
  }
}

extension Manifest {
  /// The numbers of the objects that are dense tensors, by name.
  var tensorNumbers: [String: Int] {
    var numbers: [String: Int] = [:]
    for (number, object) in objects.enumerated() {
      if case .tensor = object.contents { numbers[object.name] = number }
    }
    return numbers
  }

  /// The plane that chunk `index` is stored as a mirror of, if it is.
  ///
  /// - Parameter matrix: The matrix with a number, as far as it is in memory.
  package func firstPlane(
    ofChunk index: Int, of matrix: (Int) -> PackedMatrix?
  ) -> [UInt8]? {
    guard firstPlaneChunk(ofChunk: index) != nil,
      case .block(let number, _, _, _) = chunks[index].contents
    else { return nil }
    return matrix(number)?.firstPlane
  }
}
