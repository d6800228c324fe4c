extension HuggingFaceFolder: WeightSource {
  /// The shape of a tensor, or nil when the folder has none of that name.
  public func shape(of name: String) -> [Int]? { tensor(named: name)?.shape }

  /// The whole tensor as fp32, row-major.
  ///
  /// - Throws: `MODEL` when there is no such tensor, `MODEL_UNSUPPORTED` when its elements are not
  ///   floating point, `IO` when the file cannot be read.
  public func loadFloats(_ name: String) throws -> [Float] {
    var floats = [Float](repeating: 0, count: tensor(named: name)?.elementCount ?? 0)
    var span = floats.mutableSpan
    try readFloats(of: name, from: 0, into: &span)
    return floats
  }
}
