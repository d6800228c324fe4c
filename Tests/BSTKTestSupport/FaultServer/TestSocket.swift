import Foundation

/// A connected or listening TCP socket on the loopback interface.
public final class TestSocket: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Listens on 127.0.0.1 at a port that the system chooses.
  public static func listening() throws -> (socket: TestSocket, port: Int) {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: a sockaddr_in is what an AF_INET socket takes for a sockaddr; it outlives the calls.
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        guard unsafe bind(descriptor, generic, length) == 0, listen(descriptor, 64) == 0 else {
          return Int32(-1)
        }
        return unsafe getsockname(descriptor, generic, &length)
      }
    }
    guard descriptor >= 0, code == 0 else { throw CocoaError(.fileReadUnknown) }
    return (TestSocket(descriptor), Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Connects to a port of 127.0.0.1; nil when nobody listens there.
  public static func connected(to port: Int) -> TestSocket? {
    #if canImport(Glibc)
      let connection = TestSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    #else
      let connection = TestSocket(socket(AF_INET, SOCK_STREAM, 0))
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: as in `listening`.
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe connect(
          connection.descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return code == 0 ? connection : nil
  }

  /// Waits for a connection; nil once the socket was shut down.
  public func accepted() -> TestSocket? {
    while true {
      let connection = accept(descriptor, nil, nil)
      if connection >= 0 { return TestSocket(connection) }
      if errno != EINTR { return nil }
    }
  }

  /// Reads up to 4 KiB; empty at the end.
  public func receive() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: reads at most the buffer's length.
    let taken = unsafe recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, taken)))
  }

  /// Sends bytes; false when the other side has gone.
  public func send(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      // SAFETY: the pointer and count are those of the slice.
      let taken = unsafe rest.withUnsafeBytes {
        unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL.rawBits))
      }
      if taken <= 0 { return false }
      rest = rest.dropFirst(taken)
    }
    return true
  }

  /// Ends both directions, which wakes threads that wait on the socket.
  public func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR.rawBits)) }

  /// Wakes threads that wait to receive, without telling the other side.
  func stopReceiving() { shutdown(descriptor, Int32(SHUT_RD.rawBits)) }

  /// Makes the close that follows a reset.
  public func resetOnClose() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: the option takes a `linger`, which outlives the call.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
  }

  /// Whether the other side has closed.
  public var isClosedByPeer: Bool {
    var byte: UInt8 = 0
    // SAFETY: one byte is offered, and only looked at.
    let taken = unsafe recv(
      descriptor, &byte, 1, Int32(MSG_PEEK.rawBits) | Int32(MSG_DONTWAIT.rawBits))
    return taken == 0 || (taken < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
  }
}

/// Socket constants are integers on one platform and enumerations on another.
extension BinaryInteger {
  fileprivate var rawBits: Int { Int(self) }
}
