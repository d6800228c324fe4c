internal import BSTKCodec
internal import BSTKFormat
internal import BSTKNumerics
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
    guard type.isFloatingPoint else {
      throw BSTKError(
        .modelUnsupported, "tensor \(name) has elements of type \(type.name), not floats")
    }
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
}
