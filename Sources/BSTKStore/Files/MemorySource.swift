public import BSTKFormat

/// Bytes in memory.
public final class MemorySource: ByteSource {
  private let storage: [UInt8]

  /// Wraps an array.
  public init(_ bytes: [UInt8]) { storage = bytes }

  /// The array's length.
  public func byteCount() -> UInt64 { UInt64(storage.count) }

  /// Lends a part of the array.
  public func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result {
    guard offset <= storage.count, count <= storage.count - Int(offset) else {
      throw .endOfSource(at: offset, count: count, byteCount: UInt64(storage.count))
    }
    let bytes = storage
    return try body(bytes.span.extracting(Int(offset)..<(Int(offset) + count)))
  }
}
