internal import BSTKFormat
internal import BSTKStore

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The header of a safetensors file: an 8-byte length, then JSON that describes every tensor.
///
/// The rules are those of the reference reader: the tensors' data must follow each other without
/// a gap or an overlap and end exactly where the file ends.
struct SafetensorsHeader: Sendable {
  /// The largest header the reference reader takes.
  static let maximumByteCount = 100_000_000
  /// Commas and colons a header may have. It bounds the memory a hostile header can make the
  /// JSON decoder use, and leaves room for more tensors than a `.bstk` file can hold.
  static let maximumSeparatorCount = 4_000_000
  /// Bytes of the length that precedes the JSON.
  static let prefixByteCount = 8

  /// The tensors in the order of their data.
  let tensors: [SafetensorsTensor]
  /// The free text under `__metadata__`.
  let metadata: [String: String]

  /// Reads and validates the header of a file.
  ///
  /// - Throws: what ``init(json:fileByteCount:)`` does, `SAFETENSORS` when the header's length
  ///   exceeds the file or the limit, `IO` when the file cannot be read.
  init(of file: borrowing FileHandle) throws(BSTKError) {
    let fileByteCount = Int(clamping: try file.byteCount())
    guard fileByteCount >= Self.prefixByteCount else {
      throw Self.fault("a file of \(fileByteCount) bytes has no room for a header", at: 0)
    }
    let prefix = try file.bytes(0..<Self.prefixByteCount)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.maximumByteCount) else {
      throw Self.fault(
        "the header claims \(length) bytes; the limit is \(Self.maximumByteCount)", at: 0)
    }
    guard length <= UInt64(fileByteCount - Self.prefixByteCount) else {
      throw Self.fault("the header claims \(length) bytes, more than the file has", at: 0)
    }
    let end = Self.prefixByteCount + Int(length)
    try self.init(json: file.bytes(Self.prefixByteCount..<end), fileByteCount: fileByteCount)
  }

  /// Parses and validates a header.
  ///
  /// - Parameters:
  ///   - json: The header without its length.
  ///   - fileByteCount: The length of the whole file.
  /// - Throws: `SAFETENSORS` for everything the format forbids, `MODEL_UNSUPPORTED` for element
  ///   types that bstk does not read.
  init(json: [UInt8], fileByteCount: Int) throws(BSTKError) {
    let outline = try SafetensorsHeaderOutline(json)
    let decoded = try Self.decode(json)
    guard outline.memberCount == decoded.entries.count + (decoded.metadata == nil ? 0 : 1),
      outline.nestedMemberCount == 3 * decoded.entries.count + (decoded.metadata?.count ?? 0)
    else {
      throw Self.fault("a name or a field stands twice in one object, or a field is unknown", at: 8)
    }
    metadata = decoded.metadata ?? [:]

    let dataStart = Self.prefixByteCount + json.count
    var end = dataStart
    var tensors: [SafetensorsTensor] = []
    tensors.reserveCapacity(decoded.entries.count)
    let sorted = decoded.entries.sorted { left, right in
      left.offsets == right.offsets
        ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        : left.offsets.lexicographicallyPrecedes(right.offsets)
    }
    for entry in sorted {
      let description = try entry.description()
      guard entry.offsets.count == 2, entry.offsets[0] == UInt64(end - dataStart) else {
        throw Self.fault(
          "the data of tensor \(entry.name) leaves a gap or overlaps another tensor", at: end)
      }
      let (length, wrapped) = entry.offsets[1].subtractingReportingOverflow(entry.offsets[0])
      guard !wrapped, length == UInt64(description.byteCount) else {
        throw Self.fault(
          "the offsets \(entry.offsets) of tensor \(entry.name) do not fit its shape and type",
          at: end)
      }
      guard description.byteCount <= fileByteCount - end else {
        throw Self.fault("the file ends inside tensor \(entry.name)", at: fileByteCount)
      }
      tensors.append(SafetensorsTensor(description: description, fileOffset: end))
      end += description.byteCount
    }
    guard end == fileByteCount else {
      throw Self.fault("\(fileByteCount - end) bytes follow the last tensor", at: end)
    }
    self.tensors = tensors
  }

  private static func decode(_ json: [UInt8]) throws(BSTKError) -> SafetensorsHeaderJSON {
    do {
      return try JSONDecoder().decode(SafetensorsHeaderJSON.self, from: Data(json))
    } catch {
      throw fault("the header is not the JSON the format asks for (\(error))", at: 8)
    }
  }

  static func fault(_ message: String, at offset: Int) -> BSTKError {
    BSTKError(.safetensors, message, offset: UInt64(offset), remedy: "download the file again")
  }
}
