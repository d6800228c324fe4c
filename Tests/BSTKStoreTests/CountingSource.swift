import BSTKFormat
import BSTKStore
import Synchronization

/// Bytes in memory that know how many of them were read.
final class CountingSource: ByteSource {
  private let memory: MemorySource
  private let count = Atomic(0)

  init(_ bytes: [UInt8]) { memory = MemorySource(bytes) }

  var byteCountRead: Int { count.load(ordering: .relaxed) }

  func byteCount() -> UInt64 { memory.byteCount() }

  func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result {
    self.count.add(count, ordering: .relaxed)
    return try memory.withBytes(at: offset, count: count, body)
  }
}
