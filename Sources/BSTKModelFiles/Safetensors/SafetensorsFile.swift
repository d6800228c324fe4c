public import BSTKFormat
internal import BSTKStore

/// A safetensors file opened for reading, tensor by tensor and piece by piece.
///
/// Opening reads and validates the header; tensor data is read on demand into the caller's buffer,
/// so memory does not grow with the file. Safe to use from several threads.
///
/// Source: the safetensors format (huggingface/safetensors), with the strictness of its reference
/// reader.
public final class SafetensorsFile: Sendable {
  /// The tensors in the order of their data.
  public let tensors: [SafetensorsTensor]
  /// The free text under `__metadata__`, such as `format: pt`.
  public let metadata: [String: String]

  private let file: FileHandle
  private let numbers: [String: Int]

  /// The path the file was opened by.
  public var path: String { file.path }

  /// Opens a file and validates its header.
  ///
  /// - Throws: `IO` when it cannot be read, `SAFETENSORS` when it is malformed,
  ///   `MODEL_UNSUPPORTED` when it has element types that bstk does not read.
  public init(path: String) throws(BSTKError) {
    file = try FileHandle(path, .read)
    do {
      let header = try SafetensorsHeader(of: file)
      tensors = header.tensors
      metadata = header.metadata
    } catch {
      throw BSTKError(
        error.code, "\(path): \(error.message)", offset: error.offset, remedy: error.remedy)
    }
    numbers = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  /// The tensor of that name, or nil.
  public func tensor(named name: String) -> SafetensorsTensor? {
    numbers[name].map { tensors[$0] }
  }

  /// Fills `buffer` with a tensor's bytes as they stand in the file, from byte `offset` of the
  /// tensor on.
  ///
  /// - Precondition: the tensor is one of this file's, and the bytes asked for lie inside it.
  /// - Throws: `IO` when the file cannot be read.
  public func readBytes(
    of tensor: SafetensorsTensor, from offset: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(BSTKError) {
    precondition(
      offset >= 0 && offset <= tensor.description.byteCount
        && buffer.count <= tensor.description.byteCount - offset,
      "bytes outside the tensor")
    try file.fill(&buffer, from: tensor.fileOffset + offset)
  }
}
