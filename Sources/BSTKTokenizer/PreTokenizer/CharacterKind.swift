/// What a pre-tokenizer's pattern tells characters apart by.
enum CharacterKind: UInt8 {
  /// `\p{Lu}` or `\p{Lt}`
  case upper
  /// `\p{Ll}`
  case lower
  /// `\p{Lm}` or `\p{Lo}`
  case otherLetter
  /// `\p{M}`
  case mark
  /// `\p{N}`
  case number
  /// `\r` or `\n`
  case newline
  /// `\s` but `\r` and `\n`
  case space
  /// All the rest
  case other

  private static let ascii: [CharacterKind] = (0..<128).map { value in
    Unicode.Scalar(value).map(CharacterKind.init(looking:)) ?? .other
  }

  init(_ scalar: UInt32) {
    if scalar < 128 {
      self = Self.ascii[Int(scalar)]
    } else {
      self = Unicode.Scalar(scalar).map(CharacterKind.init(looking:)) ?? .other
    }
  }

  private init(looking scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .titlecaseLetter: self = .upper
    case .lowercaseLetter: self = .lower
    case .modifierLetter, .otherLetter: self = .otherLetter
    case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default:
      if scalar == "\r" || scalar == "\n" {
        self = .newline
      } else {
        self = scalar.properties.isWhitespace ? .space : .other
      }
    }
  }

  /// `\p{L}`
  var isLetter: Bool { self == .upper || self == .lower || self == .otherLetter }
  /// `\s`
  var isSpace: Bool { self == .space || self == .newline }
  /// `[^\s\p{L}\p{N}]`
  var isSymbol: Bool { self == .other || self == .mark }
}
