import Foundation

/// A server that sends the first bytes of a file and the others only once that is allowed.
public final class GatedServer: Sendable {
  /// What comes of the rest.
  public enum Rest: Sendable {
    /// It is sent as it is.
    case served
    /// There is no such file any more.
    case missing
  }

  private let gate = DispatchSemaphore(value: 0)
  private let server: FaultServer

  /// Starts a server.
  ///
  /// - Parameter byteCount: The bytes that the first request gets.
  public init(_ file: [UInt8], first byteCount: Int, rest: Rest = .served) throws {
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

  /// The file's address.
  public var url: String { server.url() }

  /// Body bytes that left the server.
  public var bodyByteCount: Int { server.bodyByteCount }

  /// Allows the rest.
  public func open() { gate.signal() }

  /// Ends every connection and the listener.
  public func stop() {
    open()
    server.stop()
  }
}
