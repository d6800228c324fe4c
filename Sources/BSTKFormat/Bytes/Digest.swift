/// A SHA-256 digest (FIPS 180-4): 32 bytes.
public struct Digest: Hashable, Sendable {
  /// The bytes as four little-endian words, which compare faster than an array does.
  let w0, w1, w2, w3: UInt64

  init(words w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64) {
    (self.w0, self.w1, self.w2, self.w3) = (w0, w1, w2, w3)
  }

  var words: [UInt64] { [w0, w1, w2, w3] }

  /// The digest whose every byte is zero, which stands for "not yet known".
  public static let zero = Digest(words: 0, 0, 0, 0)

  /// Makes a digest from its 32 bytes.
  ///
  /// - Precondition: `bytes` has exactly 32 elements.
  public init(_ bytes: Span<UInt8>) {
    precondition(bytes.count == 32, "a SHA-256 digest has 32 bytes")
    func word(_ at: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<8 { value |= UInt64(bytes[at + index]) << (8 * UInt64(index)) }
      return value
    }
    self.init(words: word(0), word(8), word(16), word(24))
  }

  /// Makes a digest from 64 hexadecimal digits, or returns nil when `hex` is anything else.
  public init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for pair in 0..<32 {
      guard let high = Self.nibble(digits[2 * pair]), let low = Self.nibble(digits[2 * pair + 1])
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes.span)
  }

  /// The 32 bytes.
  public var bytes: [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  /// The 64 lowercase hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Digest: CustomStringConvertible {
  /// The 64 lowercase hexadecimal digits.
  public var description: String { hex }
}
