public import BSTKFormat

/// What a process that writes text with a model holds, known before anything is loaded.
public struct MemoryNeed: Hashable, Sendable {
  /// The most that a process needs beside weights and cache, and a block that is being decoded: program, tokenizer, index, and the values of the tokens being run.
  public static let otherByteCount: UInt64 = 64 << 20

  /// The weights as they are packed.
  public let weightByteCount: UInt64
  /// The keys and values of a text.
  public let cacheByteCount: UInt64

  /// The need of a text of `positions` tokens at a cut.
  public init(_ cut: Cut, configuration: ModelConfiguration, positions: Int) {
    weightByteCount = cut.residentByteCount
    cacheByteCount = UInt64(configuration.cacheByteCount(positions: positions))
  }

  /// All three together.
  public var byteCount: UInt64 { weightByteCount + cacheByteCount + Self.otherByteCount }
}
