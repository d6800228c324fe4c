/// How a fetch talks to servers.
public struct FetchOptions: Sendable {
  /// The most connections at once. More than one are used only while they raise the total rate.
  public var maximumConnectionCount = 16
  /// Bytes a second that all connections together may receive; nil is unlimited.
  public var bytesPerSecondLimit: Int?
  /// Extra request headers, each `Name: value` (RFC 9110 section 5). They go to the first source's host alone, never to
  /// the target of a redirect elsewhere.
  public var headers: [String] = []
  /// A token sent as `Authorization: Bearer …`, under the same rule as ``headers``.
  public var bearerToken: String?
  /// Whether user names and passwords may come from `~/.netrc`.
  public var usesNetrc = false
  /// A proxy for everything; nil leaves the usual environment variables in force.
  public var proxy: String?
  /// A file of trusted certificates; nil takes the system's.
  public var certificateAuthorityFile: String?

  /// Makes options with their defaults.
  public init() {}
}
