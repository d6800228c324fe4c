import BSTKTestSupport
import Foundation

/// A server that sends the first bytes of a file and the others only once that is allowed.
final class GatedServer: Sendable {
  /// What comes of the rest.
  enum Rest: Sendable {
    case served, missing
  }

  private let gate = DispatchSemaphore(value: 0)
  private let server: FaultServer

  init(_ file: [UInt8], first byteCount: Int, rest: Rest = .served) throws {
    server = try FaultServer(file) { [gate] request, response in
      if request.number == 1 {
        response.body = Array(response.body.prefix(byteCount))
        response.ending = .close
        return
      }
      // Every request passes once the gate is open.
      gate.wait()
      gate.signal()
      if rest == .missing { response.become(404) }
    }
  }

  var url: String { server.url() }

  /// Body bytes that left the server.
  var bodyByteCount: Int { server.bodyByteCount }

  func open() { gate.signal() }

  func stop() {
    open()
    server.stop()
  }
}
