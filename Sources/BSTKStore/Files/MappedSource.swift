public import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A memory-mapped file: no copies, and pages are shared with other processes.
///
/// Only the length the file had when it was mapped is served. A file that another process shortens
/// meanwhile makes access to the lost pages end the process (SIGBUS), so map only files that
/// nobody else truncates; ``FileSource`` has no such condition.
@safe public final class MappedSource: ByteSource {
  private let base: UnsafeRawPointer?
  private let length: Int

  /// Maps a regular file.
  public init(_ path: String) throws(BSTKError) {
    let handle = try FileHandle(path, .read)
    let byteCount = try handle.byteCount()
    guard byteCount <= UInt64(Int.max) else {
      throw BSTKError(.io, "\(path) is too large to map")
    }
    length = Int(byteCount)
    guard length > 0 else {
      unsafe base = nil
      return
    }
    // SAFETY: a fresh private read-only mapping; it is unmapped in deinit and nowhere else.
    let address = unsafe mmap(nil, length, PROT_READ, MAP_PRIVATE, handle.descriptor, 0)
    guard unsafe address != MAP_FAILED, let address = unsafe address else {
      throw SystemCall.failure("map", path)
    }
    unsafe base = UnsafeRawPointer(address)
  }

  deinit {
    // SAFETY: `base` came from mmap with this length.
    if let base = unsafe base { unsafe _ = munmap(UnsafeMutableRawPointer(mutating: base), length) }
  }

  /// The length that was mapped.
  public func byteCount() -> UInt64 { UInt64(length) }

  /// Lends a part of the mapping.
  public func withBytes<Result>(
    at offset: UInt64, count: Int, _ body: (Span<UInt8>) throws(BSTKError) -> Result
  ) throws(BSTKError) -> Result {
    guard offset <= length, count >= 0, count <= length - Int(offset), let base = unsafe base else {
      throw .endOfSource(at: offset, count: count, byteCount: UInt64(length))
    }
    // SAFETY: the range was compared with the mapping's length; the span lives during the call
    // only, and self keeps the mapping alive meanwhile.
    let bytes = unsafe UnsafeBufferPointer(
      start: base.advanced(by: Int(offset)).assumingMemoryBound(to: UInt8.self), count: count)
    return try body(unsafe Span(_unsafeElements: bytes))
  }
}

// SAFETY: the mapping is read-only and its address never changes.
extension MappedSource: @unchecked Sendable {}
