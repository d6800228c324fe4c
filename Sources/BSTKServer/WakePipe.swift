#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Wakes a thread that waits for descriptors.
struct WakePipe: ~Copyable {
  private let reading: Descriptor
  private let writing: Descriptor

  /// The descriptor to wait for.
  var waitable: Int32 { reading.raw }

  init() throws(ServerError) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: the array has the two elements that the call writes.
    guard unsafe pipe(&ends) == 0 else {
      throw ServerError(operation: "open a pipe", errno: errno)
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    reading = Descriptor(owning: ends[0])
    writing = Descriptor(owning: ends[1])
  }

  /// Wakes the waiting thread, now or when it next waits.
  borrowing func wake() {
    var byte: UInt8 = 1
    // SAFETY: one byte of a local. A full pipe wakes the reader just as well.
    _ = unsafe write(writing.raw, &byte, 1)
  }

  /// Takes back every wake so far.
  borrowing func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    // SAFETY: the array outlives the call and its true count is passed.
    while unsafe read(reading.raw, &bytes, bytes.count) > 0 {}
  }
}
