#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Small doors to system calls that differ by platform or need a retry.
enum SystemCall {
  /// The system's text for an error number.
  static func message(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // SAFETY: the buffer outlives the call and its true length is passed.
    guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Seconds since 1970.
  static func wallSeconds() -> Int64 {
    var now = timespec()
    // SAFETY: `now` is a local that outlives the call.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec)
  }

  /// Milliseconds of a clock that never runs backwards.
  static func monotonicMilliseconds() -> Int64 {
    var now = timespec()
    // SAFETY: `now` is a local that outlives the call.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// Waits until one of the descriptors can be read.
  ///
  /// - Returns: for each descriptor whether it can be read (or has failed); all false on timeout.
  static func waitReadable(_ descriptors: [Int32], milliseconds: Int32) -> [Bool] {
    var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    // SAFETY: the array outlives the call and its true count is passed.
    let ready = unsafe poll(&polled, nfds_t(polled.count), milliseconds)
    guard ready > 0 else { return descriptors.map { _ in false } }
    return polled.map { $0.revents != 0 }
  }
}
