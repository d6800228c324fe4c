public import BSTKTokenizer
internal import BSTKFormat

/// How a text is cut up and how much of it is held at once.
public struct EvaluationProtocol: Hashable, Sendable {
  /// Tokens in a window, at least 2.
  public var windowLength: Int
  /// At most so many windows from the start of the text; nil takes all.
  public var windowLimit: Int?
  /// Hidden states of about so many bytes are kept at a time; layers are loaded once for each
  /// such batch of windows.
  public var batchByteCount: Int

  /// Makes a protocol; the defaults are windows of 256 tokens over the whole text.
  public init(windowLength: Int = 256, windowLimit: Int? = nil, batchByteCount: Int = 1 << 30) {
    self.windowLength = windowLength
    self.windowLimit = windowLimit
    self.batchByteCount = batchByteCount
  }

  /// The windows of a text.
  ///
  /// - Throws: `BSTKError` with code `MODEL` when the text is shorter than one window.
  public func windows(of tokens: [TokenID]) throws -> [[TokenID]] {
    guard windowLength >= 2 else {
      throw BSTKError(.model, "a window of \(windowLength) tokens predicts nothing")
    }
    let count = min(tokens.count / windowLength, windowLimit ?? .max)
    guard count > 0 else {
      throw BSTKError(
        .model, "the text has \(tokens.count) tokens, less than one window of \(windowLength)",
        remedy: "use a longer text or a shorter window")
    }
    return (0..<count).map { Array(tokens[$0 * windowLength..<($0 + 1) * windowLength]) }
  }
}
