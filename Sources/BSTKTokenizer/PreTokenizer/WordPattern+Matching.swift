extension WordPattern {
  /// The end of the match that starts at `start`, or nil when none does.
  ///
  /// - Precondition: `text` is valid UTF-8 and `start` the start of a scalar in it.
  func end(in text: Span<UInt8>, from start: Int) -> Int? {
    let cursor = Cursor(text: text)
    switch self {
    case .gpt2: return cursor.gpt2(start)
    case .cl100k(let digits): return cursor.cl100k(start, digits: digits)
    case .tekken: return cursor.tekken(start)
    case .literal(let bytes):
      guard !bytes.isEmpty, bytes.count <= text.count - start else { return nil }
      for i in bytes.indices where text[start + i] != bytes[i] { return nil }
      return start + bytes.count
    }
  }

  /// The alternatives of the expressions, each a function from a start to an end.
  private struct Cursor: ~Escapable {
    let text: Span<UInt8>

    @_lifetime(copy text)
    init(text: Span<UInt8>) { self.text = text }

    /// The kind of the scalar at `position` and where the next one starts; nil at the end.
    @inline(__always)
    func kind(_ position: Int) -> (kind: CharacterKind, next: Int)? {
      guard position < text.count else { return nil }
      let (scalar, length) = UTF8Text.scalar(in: text, at: position)
      return (CharacterKind(scalar), position + length)
    }

    /// The end of the longest run of characters of the wanted kinds.
    @inline(__always)
    func run(_ start: Int, limit: Int = .max, _ wanted: (CharacterKind) -> Bool) -> Int {
      var position = start
      var count = 0
      while count < limit, let (kind, next) = kind(position), wanted(kind) {
        position = next
        count += 1
      }
      return position
    }

    /// As `run`, nil where it is empty.
    @inline(__always)
    func some(_ start: Int, limit: Int = .max, _ wanted: (CharacterKind) -> Bool) -> Int? {
      let end = run(start, limit: limit, wanted)
      return end > start ? end : nil
    }

    func isByte(_ byte: UInt8, at position: Int) -> Bool {
      position < text.count && text[position] == byte
    }

    /// After one space, where there is one.
    func afterSpace(_ position: Int) -> Int { isByte(0x20, at: position) ? position + 1 : position }

    /// `'s|'t|'re|'ve|'m|'ll|'d`
    func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
      guard isByte(UInt8(ascii: "'"), at: start), start + 1 < text.count else { return nil }
      // U+017F folds to s; no other character folds to a letter of these.
      if ignoringCase, start + 2 < text.count, text[start + 1] == 0xC5, text[start + 2] == 0xBF {
        return start + 3
      }
      let fold: UInt8 = ignoringCase ? 0x20 : 0
      func letter(_ position: Int) -> UInt8 {
        guard position < text.count else { return 0 }
        let byte = text[position]
        return byte >= 0x41 && byte <= 0x5A ? byte | fold : byte
      }
      switch (letter(start + 1), letter(start + 2)) {
      case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
        (UInt8(ascii: "d"), _):
        return start + 2
      case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
        (UInt8(ascii: "l"), UInt8(ascii: "l")):
        return start + 3
      default: return nil
      }
    }

    /// `\s+(?!\S)|\s+`: a run of spaces leaves its last one to the word that follows.
    func spaces(_ start: Int) -> Int? {
      guard let end = some(start, \.isSpace) else { return nil }
      guard end < text.count else { return end }
      let last = end - UTF8Text.scalar(in: text, before: end).length
      return last > start ? last : end
    }

    /// `\s*[\r\n]+`: spaces up to and with the last line end among them.
    func lines(_ start: Int) -> Int? {
      var end: Int?
      var position = start
      while let (kind, next) = kind(position), kind.isSpace {
        if kind == .newline { end = next }
        position = next
      }
      return end
    }

    func gpt2(_ start: Int) -> Int? {
      let inner = afterSpace(start)
      return contraction(start, ignoringCase: false)
        ?? some(inner, \.isLetter)
        ?? some(inner) { $0 == .number }
        ?? some(inner, \.isSymbol)
        ?? spaces(start)
    }

    func cl100k(_ start: Int, digits: Int) -> Int? {
      if let end = contraction(start, ignoringCase: true) { return end }
      guard let (kind, next) = kind(start) else { return nil }
      if kind.isLetter { return run(next, \.isLetter) }
      if kind != .number, kind != .newline, let end = some(next, \.isLetter) { return end }
      if kind == .number { return run(start, limit: digits) { $0 == .number } }
      if let end = some(afterSpace(start), \.isSymbol) { return run(end) { $0 == .newline } }
      return lines(start) ?? spaces(start)
    }

    func tekken(_ start: Int) -> Int? {
      guard let (kind, next) = kind(start) else { return nil }
      let mayPrefix = !kind.isLetter && kind != .number && kind != .newline
      if mayPrefix, let end = upperThenLower(next) { return end }
      if let end = upperThenLower(start) { return end }
      if mayPrefix, let end = some(next, Self.isUpper) { return end }
      if let end = some(start, Self.isUpper) { return end }
      if kind == .number { return next }
      if let end = some(afterSpace(start), \.isSymbol) {
        var position = end
        while let (kind, next) = self.kind(position),
          kind == .newline || isByte(UInt8(ascii: "/"), at: position)
        {
          position = next
        }
        return position
      }
      return lines(start) ?? spaces(start)
    }

    private static func isUpper(_ kind: CharacterKind) -> Bool {
      kind == .upper || kind == .otherLetter || kind == .mark
    }

    private static func isLower(_ kind: CharacterKind) -> Bool {
      kind == .lower || kind == .otherLetter || kind == .mark
    }

    /// `upper*lower+`, where a character may be both: the first run gives back as much as the
    /// second needs.
    private func upperThenLower(_ start: Int) -> Int? {
      var position = start
      var lastOfBoth: Int?
      while let (kind, next) = kind(position), Self.isUpper(kind) {
        if Self.isLower(kind) { lastOfBoth = next }
        position = next
      }
      return some(position, Self.isLower) ?? lastOfBoth
    }
  }
}
