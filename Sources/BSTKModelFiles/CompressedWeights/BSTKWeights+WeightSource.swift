internal import BSTKCodec
internal import BSTKFormat
internal import BSTKStore

extension BSTKWeights: WeightSource {
  /// The shape of a matrix or dense tensor, or nil when the file has none of that name.
  public func shape(of name: String) -> [Int]? {
    if let tensor = matrixTensor(named: name) { return [tensor.rows, tensor.columns] }
    guard let number = tensorNumber(named: name),
      case .tensor(_, let dimensions) = manifest.objects[number].contents
    else { return nil }
    return dimensions
  }

  /// The whole tensor as fp32, row-major; a matrix as the sum of the levels that are there.
  ///
  /// - Throws: `MODEL` when there is no such tensor, `MODEL_UNSUPPORTED` when its elements are not
  ///   floating point, and what reading and decoding its chunks throws.
  public func loadFloats(_ name: String) throws -> [Float] {
    if let tensor = matrixTensor(named: name) { return try loadMatrix(tensor) }
    guard let number = tensorNumber(named: name),
      case .tensor(let type, _) = manifest.objects[number].contents
    else { throw BSTKError(.model, "the file has no tensor \(name)") }
    guard type.isFloatingPoint else { throw BSTKError.elementType(type, of: name) }
    let count = Int(manifest.objects[number].byteCount) / type.byteCount
    var values = [Float](repeating: 0, count: count)
    var done = 0
    try file.forEachTile(ofObject: number, decoder: ChunkDecoder()) { tile throws(BSTKError) in
      var span = values.mutableSpan
      FloatConversion.decode(tile.span, type: type, into: &span, at: done)
      done += tile.count / type.byteCount
    }
    return values
  }

  /// A matrix in its code, or a tensor of two dimensions with its elements as they are stored.
  ///
  /// Chunks are decoded one after the other, straight into their places.
  ///
  /// - Throws: as ``loadFloats(_:)``.
  public func loadMatrix(_ name: String) throws -> WeightMatrix {
    if let tensor = matrixTensor(named: name) {
      return WeightMatrix(
        try tensor.parts.map { number throws(BSTKError) in try packedMatrix(number) })
    }
    guard let number = tensorNumber(named: name),
      case .tensor(let type, let shape) = manifest.objects[number].contents, shape.count == 2
    else { throw BSTKError(.model, "the file has no matrix \(name)") }
    guard var tensor = DenseTensor(type, byteCount: Int(manifest.objects[number].byteCount))
    else { throw BSTKError.elementType(type, of: name) }
    try file.forEachTile(ofObject: number, decoder: ChunkDecoder()) { tensor.append($0) }
    return try tensor.matrix(rows: shape[0], columns: shape[1])
  }
}

extension BSTKError {
  /// The error of a tensor that a forward pass cannot calculate with.
  static func elementType(_ type: ElementType, of name: String) -> BSTKError {
    BSTKError(.modelUnsupported, "tensor \(name) has elements of type \(type.name), not floats")
  }
}
