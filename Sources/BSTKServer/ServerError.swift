/// Why the server could not be started: the call that failed and the system's reason.
public struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was being done, such as `bind 127.0.0.1:80`.
  public let operation: String
  /// The system's own words for it.
  public let reason: String

  init(operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
  }

  init(operation: String, errno code: Int32) {
    self.init(operation: operation, reason: SystemCall.message(code))
  }

  /// One line for people.
  public var description: String { "\(operation): \(reason)" }
}
