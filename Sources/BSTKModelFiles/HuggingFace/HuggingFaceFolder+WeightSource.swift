internal import BSTKFormat
internal import BSTKNumerics

extension HuggingFaceFolder {
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
