import Foundation
import BSTKStore

/// An HTTP/1.1 server on loopback that answers ranges of one file correctly, except where a test
/// bends the answer. One thread per connection.
public final class FaultServer: Sendable {
  /// Bends the right answer to a request into another; called on the connection's thread.
  public typealias Bend = @Sendable (FaultRequest, inout FaultResponse) -> Void

  private struct State {
    var file: [UInt8]
    var entityTag = "\"first\""
    var requests: [FaultRequest] = []
    var connections: [TestSocket] = []
    var connectionCount = 0
    var bodyByteCount = 0
    var isStopped = false
  }

  private let state: Lock<State>
  private let listener: TestSocket
  private let bend: Bend
  /// Where it listens.
  public let port: Int

  /// Starts a server for one file.
  public init(_ file: [UInt8], bend: @escaping Bend = { _, _ in }) throws {
    state = Lock(State(file: file))
    (listener, port) = try TestSocket.listening()
    self.bend = bend
    Thread.detachNewThread { [self] in
      while let connection = listener.accepted() {
        let number = state.withLock { state in
          state.connections.append(connection)
          state.connectionCount += 1
          return state.isStopped ? 0 : state.connectionCount
        }
        if number == 0 { return connection.shutDown() }
        Thread.detachNewThread { [self] in serve(connection, number) }
      }
    }
  }

  /// Ends every connection and the listener.
  public func stop() {
    state.withLock { state in
      state.isStopped = true
      for connection in state.connections { connection.shutDown() }
    }
    listener.shutDown()
  }

  /// An address of the file; every path is one.
  public func url(_ path: String = "/m.bstk") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// The same server under another name, which is another host to a client.
  public func otherURL(_ path: String = "/m.bstk") -> String { "http://localhost:\(port)\(path)" }

  /// Everything asked so far.
  public var requests: [FaultRequest] { state.withLock { $0.requests } }
  /// Connections accepted so far.
  public var connectionCount: Int { state.withLock { $0.connectionCount } }
  /// Body bytes that left the server.
  public var bodyByteCount: Int { state.withLock { $0.bodyByteCount } }

  /// Publishes another file under the same address.
  public func replace(_ file: [UInt8], entityTag: String) {
    state.withLock {
      $0.file = file
      $0.entityTag = entityTag
    }
  }

  private func serve(_ connection: TestSocket, _ number: Int) {
    var pending: [UInt8] = []
    while true {
      while true {
        if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
          let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
          pending.removeSubrange(..<end.upperBound)
          guard answer(head, connection, number) else {
            connection.shutDown()
            return
          }
          break
        }
        let more = connection.receive()
        if more.isEmpty { return }
        pending += more
      }
    }
  }

  /// Answers one request; false ends the connection.
  private func answer(_ head: String, _ connection: TestSocket, _ number: Int) -> Bool {
    let prepared = state.withLock { state -> (FaultRequest, FaultResponse)? in
      guard
        let request = FaultRequest(
          number: state.requests.count + 1, connection: number, head: head)
      else { return nil }
      state.requests.append(request)
      return (request, FaultResponse(request, file: state.file, entityTag: state.entityTag))
    }
    guard let (request, original) = prepared else { return false }
    var response = original
    bend(request, &response)
    wait(response.delay, connection)
    guard !response.isAnswer || connection.send(response.head[...]) else { return false }
    let step = response.pace?.byteCount ?? 64 << 10
    var rest = response.body[...]
    while !rest.isEmpty {
      let part = rest.prefix(step)
      guard connection.send(part) else { return false }
      state.withLock { $0.bodyByteCount += part.count }
      rest = rest.dropFirst(step)
      if let pace = response.pace { wait(pace.seconds, connection) }
    }
    switch response.ending {
    case .keep: return true
    case .close: return false
    case .reset:
      connection.resetOnClose()
      state.withLock { state in state.connections.removeAll { $0 === connection } }
      return false
    case .stall:
      wait(60, connection)
      return false
    }
  }

  /// Sleeps, but not longer than the client or the server cares.
  private func wait(_ seconds: Double, _ connection: TestSocket) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end, !state.withLock({ $0.isStopped }), !connection.isClosedByPeer {
      Thread.sleep(forTimeInterval: min(0.02, seconds))
    }
  }
}
