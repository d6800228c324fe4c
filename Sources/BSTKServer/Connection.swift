#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// One connection: reads requests, answers them in turn, and ends.
///
/// The socket is closed by the owner of the connection, never here.
struct Connection: ~Copyable {
  private let socket: ConnectionSocket
  private let core: ServerCore
  /// Bytes received and not yet understood.
  private var received: [UInt8] = []
  /// How far the end of the header section has been looked for in vain.
  private var searched = 0

  init(socket: Int32, core: ServerCore) {
    self.socket = ConnectionSocket(raw: socket)
    self.core = core
  }

  /// Serves until the peer, an error, silence or the server ends the connection.
  consuming func run() {
    do throws(HTTPFailure) {
      while let head = try nextHead() {
        let request = try HTTPRequest(head: head, maximumFields: core.limits.headerFields)
        let keepsAlive = request.keepsAlive && !core.isStopping
        let responder = Responder(core: core, socket: socket, keepsAlive: keepsAlive)
        let (status, bytesSent, isWhole) = responder.answer(request)
        core.log(
          RequestRecord(
            method: request.method, path: request.target, range: request.fields["range"],
            status: status, bytesSent: bytesSent))
        guard keepsAlive, isWhole else { break }
      }
    } catch {
      let responder = Responder(core: core, socket: socket, keepsAlive: false)
      let (status, bytesSent, _) = responder.refuse(error, withBody: true)
      core.log(
        RequestRecord(method: "-", path: "-", range: nil, status: status, bytesSent: bytesSent))
    }
    socket.linger()
  }

  // MARK: Reading

  /// The next request's bytes before the empty line that ends them, or nothing at the end.
  ///
  /// - Throws: ``HTTPFailure`` with 408, 414 or 431.
  private mutating func nextHead() throws(HTTPFailure) -> [UInt8]? {
    let limits = core.limits
    var deadline: Int64?
    var hasSkippedLine = false
    while true {
      // One empty line before a request is an old client's habit (RFC 9112 section 2.2).
      if !hasSkippedLine, received.starts(with: [0x0D, 0x0A]) {
        received.removeFirst(2)
        hasSkippedLine = true
        searched = 0
      }
      if let head = try takeHead() { return head }
      let now = SystemCall.monotonicMilliseconds()
      if received.isEmpty {
        guard socket.receive(into: &received, milliseconds: limits.idleMilliseconds) > 0
        else { return nil }
        continue
      }
      let end = deadline ?? now + Int64(limits.headMilliseconds)
      deadline = end
      let count =
        now < end ? socket.receive(into: &received, milliseconds: Int32(clamping: end - now)) : -1
      if count == 0 { return nil }
      guard count > 0 else {
        throw HTTPFailure(status: 408, reason: "The request took too long to arrive.")
      }
    }
  }

  private mutating func takeHead() throws(HTTPFailure) -> [UInt8]? {
    let limits = core.limits
    let lineEnd = received.firstIndex(of: 0x0A)
    if lineEnd ?? received.count > limits.requestLineBytes {
      throw HTTPFailure(
        status: 414, reason: "The request line exceeds \(limits.requestLineBytes) bytes.")
    }
    guard let lineEnd else { return nil }
    let end = endOfHead()
    if (end ?? received.count) - lineEnd > limits.headerBytes {
      throw HTTPFailure(
        status: 431, reason: "The header section exceeds \(limits.headerBytes) bytes.")
    }
    guard let end else { return nil }
    let head = Array(received[..<end])
    received.removeFirst(end + 4)
    searched = 0
    return head
  }

  /// Where the CR LF CR LF begins that ends a header section.
  private mutating func endOfHead() -> Int? {
    while searched + 4 <= received.count {
      if received[searched..<(searched + 4)].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) {
        return searched
      }
      searched += 1
    }
    return nil
  }
}
