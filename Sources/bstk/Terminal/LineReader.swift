#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads lines from standard input and lets other work go on while none comes.
struct LineReader: ~Copyable {
  private var buffer: [UInt8] = []
  private var isAtEnd = false

  /// The next line without its end; nil at the end of the input.
  ///
  /// - Parameters:
  ///   - milliseconds: How often `meanwhile` is called while nothing comes; nil never.
  ///   - descriptors: It is called at once when one of these has urgent news.
  ///   - meanwhile: The other work. Is told whether there was such news.
  mutating func next(
    every milliseconds: Int32?, orAt descriptors: [Int32] = [],
    meanwhile: (_ isUrgent: Bool) throws -> Void
  ) throws -> String? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeSubrange(...end) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      if isAtEnd {
        defer { buffer = [] }
        return buffer.isEmpty ? nil : String(decoding: buffer, as: UTF8.self)
      }
      var states = [pollfd(fd: 0, events: Int16(POLLIN), revents: 0)]
      states += descriptors.map { pollfd(fd: $0, events: Int16(POLLPRI), revents: 0) }
      // SAFETY: the array outlives the call, and its true count is passed.
      let count = unsafe poll(&states, nfds_t(states.count), milliseconds ?? -1)
      if count > 0, states[0].revents != 0 {
        receive()
      } else if milliseconds != nil {
        try meanwhile(states.dropFirst().contains { $0.revents & Int16(POLLPRI) != 0 })
      }
    }
  }

  private mutating func receive() {
    var part = [UInt8](repeating: 0, count: 4096)
    // SAFETY: the array outlives the call, and its true count is passed.
    let count = unsafe read(0, &part, part.count)
    if count > 0 {
      buffer += part[..<count]
    } else if count == 0 || errno != EINTR && errno != EAGAIN {
      isAtEnd = true
    }
  }
}
