#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A TCP client that sends exactly the bytes it is told to.
final class RawClient {
  private let socket: Int32

  struct Refused: Error {}

  init(port: UInt16) throws {
    #if canImport(Darwin)
      socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
    #else
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: the address is a local of the size that is passed.
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe connect(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Refused() }
    // A test that waits for an answer that never comes must end all the same.
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    // SAFETY: the value outlives the call and its true size is passed.
    _ = unsafe setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    var sent = 0
    while sent < bytes.count {
      // SAFETY: the pointer is used within the closure only, with its true count.
      let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
        #if canImport(Darwin)
          unsafe Darwin.send(socket, buffer.baseAddress, buffer.count, flags)
        #else
          unsafe Glibc.send(socket, buffer.baseAddress, buffer.count, flags)
        #endif
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Receives at most `count` bytes; nothing at the end of the stream.
  func receive(_ count: Int) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    // SAFETY: the buffer outlives the call and its true count is passed.
    let got = unsafe recv(socket, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, got)))
  }

  /// Everything until the server closes.
  func receiveAll() -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let more = receive(1 << 16)
      guard !more.isEmpty else { return all }
      all += more
    }
  }

  /// The next answer; its body is as long as `Content-Length` says unless `hasBody` is false.
  func receiveResponse(hasBody: Bool = true) throws -> RawResponse {
    var bytes: [UInt8] = []
    while !bytes.ends(with: [13, 10, 13, 10]) {
      let byte = receive(1)
      guard !byte.isEmpty else { throw RawResponse.Malformed() }
      bytes += byte
    }
    var response = try RawResponse(bytes)
    guard hasBody, response.status != 304 else { return response }
    let count = response["content-length"].flatMap { Int($0) } ?? 0
    while response.body.count < count {
      let more = receive(count - response.body.count)
      guard !more.isEmpty else { break }
      response.body += more
    }
    return response
  }
}

extension [UInt8] {
  fileprivate func ends(with suffix: [UInt8]) -> Bool {
    count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
  }
}
