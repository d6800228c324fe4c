internal import BSTKFormat
internal import BSTKNumerics

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

  /// A tensor of two dimensions: 16-bit elements as they are stored, others as fp32.
  ///
  /// - Throws: as ``loadFloats(_:)``.
  public func loadMatrix(_ name: String) throws -> WeightMatrix {
    guard let tensor = tensor(named: name), tensor.shape.count == 2 else {
      throw BSTKError(.model, "\(path) has no matrix \(name)")
    }
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let element: HalfMatrix.Element
    switch tensor.type {
    case .f16: element = .fp16
    case .bf16: element = .bf16
    default:
      return WeightMatrix(rows: rows, columns: columns, floats: try loadFloats(name))
    }
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    var span = bytes.mutableSpan
    try readBytes(of: name, from: 0, into: &span)
    return WeightMatrix([
      .halves(try HalfMatrix(rows: rows, columns: columns, element: element, bytes: bytes))
    ])
  }
}
