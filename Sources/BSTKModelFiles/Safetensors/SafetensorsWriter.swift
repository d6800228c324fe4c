public import BSTKFormat
internal import BSTKStore

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Writes a safetensors file from front to back; memory does not grow with the tensors.
///
/// The bytes depend on the arguments alone. The file has its name only after ``finish()``; a
/// writer that is dropped before that leaves nothing behind.
public struct SafetensorsWriter: ~Copyable {
  /// The tensors in the order in which their data must be appended: unless another was asked for,
  /// wide elements first, which keeps every tensor aligned to its elements, then by name.
  public let tensors: [TensorDescription]

  private var file: AtomicOutput
  private var remainingByteCount: Int

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - metadata: Free text; the transformers library asks for `format: pt`.
  /// - Throws: `SAFETENSORS` when a name comes twice or the header would be too long, `IO` when
  ///   the file cannot be created.
  public init(
    path: String, tensors: [TensorDescription], metadata: [String: String] = ["format": "pt"]
  ) throws(BSTKError) {
    try self.init(path: path, inOrder: Self.fileOrder(tensors), metadata: metadata)
  }

  /// As ``init(path:tensors:metadata:)``, with the tensors' data in the order given: for data that
  /// come in another order than that of names. Elements should not become wider from one to the
  /// next, or they are not aligned.
  public init(
    path: String, inOrder tensors: [TensorDescription], metadata: [String: String]
  ) throws(BSTKError) {
    let header = try Self.header(of: tensors, metadata: metadata)
    var file = try AtomicOutput(path)
    try file.append(header.span)
    self.tensors = tensors
    self.file = file
    remainingByteCount = tensors.reduce(0) { $0 + $1.byteCount }
  }

  /// Appends the next bytes of the tensors' data.
  ///
  /// - Precondition: no more bytes come than the tensors have.
  /// - Throws: `IO`, for example when the disk is full.
  public mutating func append(_ bytes: Span<UInt8>) throws(BSTKError) {
    precondition(bytes.count <= remainingByteCount, "more bytes than the tensors have")
    try file.append(bytes)
    remainingByteCount -= bytes.count
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Precondition: the data of every tensor has been appended.
  /// - Throws: `IO` when the system refuses.
  public consuming func finish() throws(BSTKError) {
    precondition(remainingByteCount == 0, "the last tensor is not complete")
    try file.commit()
  }

  static func fileOrder(_ tensors: [TensorDescription]) -> [TensorDescription] {
    tensors.sorted { left, right in
      left.type.byteCount == right.type.byteCount
        ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        : left.type.byteCount > right.type.byteCount
    }
  }

  private struct Entry: Encodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private static func header(
    of tensors: [TensorDescription], metadata: [String: String]
  ) throws(BSTKError) -> [UInt8] {
    var entries: [String: Entry] = [:]
    var end = 0
    for tensor in tensors {
      let start = end
      let sum = start.addingReportingOverflow(tensor.byteCount)
      guard !sum.overflow, entries[tensor.name] == nil, tensor.name != "__metadata__" else {
        throw BSTKError(
          .safetensors, "tensor \(tensor.name) comes twice, is too large or has a reserved name")
      }
      end = sum.partialValue
      entries[tensor.name] = Entry(
        dtype: tensor.type.name, shape: tensor.shape, data_offsets: [start, end])
    }
    var json: [UInt8]
    do {
      json = try HeaderJSON(entries: entries, metadata: metadata).bytes()
    } catch {
      throw BSTKError(.safetensors, "a name or metadata cannot be written as JSON (\(error))")
    }
    // Spaces up to a multiple of 8, so that the data is aligned.
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    guard json.count <= SafetensorsHeader.maximumByteCount else {
      throw BSTKError(.safetensors, "the header would have \(json.count) bytes")
    }
    let length = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + json
  }

  private struct HeaderJSON: Encodable {
    let entries: [String: Entry]
    let metadata: [String: String]

    func encode(to encoder: any Encoder) throws {
      // The reference reader finds metadata under a reserved key beside the tensors.
      var container = encoder.singleValueContainer()
      var members: [String: Member] = entries.mapValues { .tensor($0) }
      if !metadata.isEmpty { members["__metadata__"] = .metadata(metadata) }
      try container.encode(members)
    }

    func bytes() throws -> [UInt8] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return [UInt8](try encoder.encode(self))
    }
  }

  private enum Member: Encodable {
    case tensor(Entry)
    case metadata([String: String])

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .tensor(let entry): try entry.encode(to: encoder)
      case .metadata(let text): try text.encode(to: encoder)
      }
    }
  }
}
