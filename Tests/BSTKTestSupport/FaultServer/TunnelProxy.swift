import Foundation
import BSTKStore

/// A proxy on loopback that opens tunnels (CONNECT, RFC 9110 section 9.3.6) to ports of 127.0.0.1,
/// whatever host was asked for, and can break them off. What runs through a tunnel is not looked
/// at, so a tunnel that ends early is to its client a TLS connection without a proper end.
public final class TunnelProxy: Sendable {
  /// How a tunnel is broken off.
  public struct Cut: Sendable {
    let byteCount: Int
    let isReset: Bool

    /// After so many bytes from the server, by an end or by a reset.
    public init(after byteCount: Int, isReset: Bool) {
      self.byteCount = byteCount
      self.isReset = isReset
    }
  }

  private struct State {
    var heads: [String] = []
    var sockets: [TestSocket] = []
  }

  private let state = Lock(State())
  private let listener: TestSocket
  private let status: Int
  private let cut: @Sendable (Int) -> Cut?
  /// The proxy's address.
  public let address: String

  /// Starts a proxy that answers CONNECT with `status` and, if that is 200, relays.
  ///
  /// - Parameter cut: What happens to a tunnel, numbered from 1.
  public init(
    status: Int = 200, cut: @escaping @Sendable (_ tunnel: Int) -> Cut? = { _ in nil }
  ) throws {
    let port: Int
    (listener, port) = try TestSocket.listening()
    address = "http://127.0.0.1:\(port)"
    self.status = status
    self.cut = cut
    Thread.detachNewThread { [self] in
      while let client = listener.accepted() {
        Thread.detachNewThread { [self] in serve(client) }
      }
    }
  }

  /// Ends every tunnel and the listener.
  public func stop() {
    listener.shutDown()
    state.withLock { $0.sockets }.forEach { $0.shutDown() }
  }

  /// The first lines and headers of everything asked so far.
  public var heads: [String] { state.withLock { $0.heads } }

  private func serve(_ client: TestSocket) {
    var bytes: [UInt8] = []
    while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
      let more = client.receive()
      if more.isEmpty { return }
      bytes += more
    }
    let head = String(decoding: bytes, as: UTF8.self)
    let authority = head.split(separator: " ").dropFirst().first ?? ""
    let port = authority.split(separator: ":").last.flatMap { Int($0) }
    let number = state.withLock { state in
      state.heads.append(head)
      return state.heads.count
    }
    guard status == 200, let port, let server = TestSocket.connected(to: port) else {
      let code = status == 200 ? 502 : status
      _ = client.send(Array("HTTP/1.1 \(code) No\r\nContent-Length: 0\r\n\r\n".utf8)[...])
      return client.shutDown()
    }
    state.withLock { $0.sockets += [client, server] }
    guard client.send(Array("HTTP/1.1 200 Open\r\nVia: 1.1 test\r\n\r\n".utf8)[...]) else { return }
    Thread.detachNewThread { Self.relay(client, to: server, limit: .max) }
    let cut = cut(number)
    Self.relay(server, to: client, limit: cut?.byteCount ?? .max)
    if cut?.isReset ?? false {
      // The reset is sent once the last thread lets go of the socket.
      client.resetOnClose()
      client.stopReceiving()
      state.withLock { state in state.sockets.removeAll { $0 === client } }
      server.shutDown()
    } else {
      client.shutDown()
      server.shutDown()
    }
  }

  private static func relay(_ from: TestSocket, to: TestSocket, limit: Int) {
    var rest = limit
    while rest > 0 {
      let bytes = from.receive().prefix(rest)
      guard !bytes.isEmpty, to.send(bytes) else { return }
      rest -= bytes.count
    }
  }
}
