public import BSTKFormat
internal import BSTKNumerics

/// A model as its maker published it, before compression: a Hugging Face folder or a GGUF file.
///
/// Both give the same things: tensors under Hugging Face names and in its layout, and the files
/// beside the weights, made from the metadata where the source has none.
public protocol ModelSource: WeightSource {
  /// The path the source was opened by.
  var path: String { get }
  /// Every tensor, sorted by the bytes of its name.
  var tensors: [TensorDescription] { get }
  /// Names of the files besides the weights that belong to the model, sorted.
  var auxiliaryFiles: [String] { get }

  /// The tensor of that name, or nil.
  func tensor(named name: String) -> TensorDescription?

  /// Fills `buffer` with a tensor's bytes in its stated type, from byte `offset` of the tensor on.
  ///
  /// - Precondition: the bytes asked for lie inside the tensor.
  /// - Throws: `MODEL` when there is no such tensor, `IO` when the source cannot be read.
  func readBytes(
    of name: String, from offset: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError)

  /// Fills `buffer` with a tensor's elements as fp32, from element `first` on, row-major.
  ///
  /// - Precondition: the elements asked for lie inside the tensor.
  /// - Throws: `MODEL` when there is no such tensor, `MODEL_UNSUPPORTED` when its elements are not
  ///   floating point, `IO` when the source cannot be read.
  func readFloats(
    of name: String, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError)

  /// The bytes of one of the ``auxiliaryFiles``.
  ///
  /// - Throws: `LIMIT` above 64 MiB, `IO` when the file cannot be read.
  func auxiliaryBytes(_ name: String) throws(BSTKError) -> [UInt8]
}

extension ModelSource {
  /// The tensors that are decomposed: weights of linear layers inside decoder layers.
  ///
  /// These are the tensors named `model.layers.N.….weight` with two dimensions of 2 to 2^20, whose
  /// elements are fp32, fp16 or bf16 and whose name speaks neither of a norm nor of an embedding.
  /// Everything else is stored as it is.
  public var matrices: [TensorDescription] {
    tensors.filter(HuggingFaceFolder.isDecomposable)
  }

  /// The shape of a tensor, or nil when the model has none of that name.
  public func shape(of name: String) -> [Int]? { tensor(named: name)?.shape }

  /// The whole tensor as fp32, row-major.
  ///
  /// - Throws: `MODEL` when there is no such tensor, `MODEL_UNSUPPORTED` when its elements are not
  ///   floating point, `IO` when the source cannot be read.
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
