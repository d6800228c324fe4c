#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Blocking sends and timed receives on a connected socket that somebody else closes.
struct ConnectionSocket {
  let raw: Int32

  /// Appends what arrives within the time.
  ///
  /// - Returns: the bytes appended, 0 when the peer has finished, negative on silence or failure.
  func receive(into bytes: inout [UInt8], milliseconds: Int32) -> Int {
    guard SystemCall.waitReadable([raw], milliseconds: milliseconds)[0] else { return -1 }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    // SAFETY: the buffer outlives the call and its true count is passed.
    let count = unsafe recv(raw, &buffer, buffer.count, 0)
    if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
    return count
  }

  /// Sends all of the bytes.
  ///
  /// - Parameter hasMore: whether more follows at once, so that a small packet is not sent alone.
  /// - Returns: the bytes handed over; fewer than given when the peer is gone or stands still.
  func send(_ bytes: [UInt8], hasMore: Bool) -> Int {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL) | (hasMore ? Int32(MSG_MORE) : 0)
    #endif
    var sent = 0
    while sent < bytes.count {
      let rest = bytes[sent...]
      // SAFETY: the pointer is used within the closure only, with its true count.
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe systemSend(raw, buffer.baseAddress, buffer.count, flags)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      sent += count
    }
    return sent
  }

  /// Sends bytes of a file.
  ///
  /// - Returns: the bytes handed over; fewer than asked for when the peer is gone or stands still, or
  ///   when the file has become shorter.
  func send(file: borrowing Descriptor, _ range: Range<UInt64>) -> UInt64 {
    var position = range.lowerBound
    while position < range.upperBound {
      let wanted = Int(min(range.upperBound - position, 1 << 20))
      let count = sendSome(file: file.raw, at: position, count: wanted)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      position += UInt64(count)
    }
    return position - range.lowerBound
  }

  #if canImport(Darwin)
    private func sendSome(file: Int32, at position: UInt64, count: Int) -> Int {
      var buffer = [UInt8](repeating: 0, count: min(count, 1 << 16))
      // SAFETY: the buffer outlives the call and its true count is passed.
      let got = unsafe pread(file, &buffer, buffer.count, off_t(position))
      guard got > 0 else { return got }
      return send(Array(buffer[..<got]), hasMore: true)
    }
  #else
    private func sendSome(file: Int32, at position: UInt64, count: Int) -> Int {
      var offset = off_t(position)
      // SAFETY: `offset` is a local that outlives the call.
      return unsafe sendfile(raw, file, &offset, count)
    }
  #endif

  /// Ends the sending side, then reads what the peer still sends, for a bounded time.
  ///
  /// Closing with unread bytes would reset the connection, and a reset can destroy the answer before
  /// the peer has read it (RFC 9112 section 9.6).
  func linger() {
    guard shutdown(raw, Int32(SHUT_WR)) == 0 else { return }
    let deadline = SystemCall.monotonicMilliseconds() + 1_000
    var unread: [UInt8] = []
    while true {
      let left = deadline - SystemCall.monotonicMilliseconds()
      guard left > 0, receive(into: &unread, milliseconds: Int32(clamping: left)) > 0 else {
        return
      }
      unread.removeAll(keepingCapacity: true)
    }
  }
}

/// `send(2)` under a name that the methods do not hide.
private let systemSend = unsafe send(_:_:_:_:)
