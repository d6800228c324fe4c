/// One answered request, as handed to the log.
public struct RequestRecord: Sendable, Equatable {
  /// The request method, or `-` when the request line could not be read.
  public let method: String
  /// The request target as it was sent (percent-encoded), or `-`.
  public let path: String
  /// The `Range` field's value, when there was one.
  public let range: String?
  /// The status code answered.
  public let status: Int
  /// Body bytes handed to the system; fewer than promised when the peer or the file went away.
  public let bytesSent: UInt64
}
