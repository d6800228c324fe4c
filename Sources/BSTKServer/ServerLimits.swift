/// Bounds that keep a hostile or forgetful peer from holding resources.
public struct ServerLimits: Sendable, Equatable {
  /// Connections served at once; further ones wait in the listen queue.
  public var connections = 64
  /// Bytes of a request line before 414.
  public var requestLineBytes = 8_192
  /// Bytes of a header section before 431.
  public var headerBytes = 32_768
  /// Fields in a header section before 431.
  public var headerFields = 100
  /// Milliseconds a connection may wait between requests.
  public var idleMilliseconds: Int32 = 15_000
  /// Milliseconds from the first byte of a request to the end of its header section.
  public var headMilliseconds: Int32 = 10_000
  /// Milliseconds a send may make no progress.
  public var sendMilliseconds: Int32 = 30_000

  /// The defaults above.
  public init() {}
}
