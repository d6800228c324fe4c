/// Cuts a normalized text into the words that are merged each on its own.
struct PreTokenizer: Sendable {
  /// When a word separator is put before a text.
  enum PrefixScheme: Sendable {
    case always, first, never
  }

  /// One step; each step cuts the pieces the one before left.
  enum Stage: Sendable {
    /// At the matches of a pattern, or at what lies between them.
    case split(WordPattern, SplitBehavior, isInverted: Bool)
    /// Digits apart from the rest, each on its own where `individual`.
    case digits(individual: Bool)
    /// Into bytes, after GPT-2's pattern where `splits`.
    case byteLevel(addsPrefixSpace: Bool, splits: Bool)
    /// Spaces to a visible replacement that starts words.
    case metaspace(replacement: [UInt8], prefix: PrefixScheme, splits: Bool)
    /// Before each run of the replacement; exact where no token has it inside.
    case beforeRuns(of: [UInt8])
  }

  /// The steps, in order.
  var stages: [Stage] = []

  /// A text and the words in it.
  struct Words {
    var text: [UInt8]
    var ranges: [Range<Int>]
  }

  /// The words of a piece of text, which is valid UTF-8; `isStart` when nothing comes before it.
  func words(of text: [UInt8], isStart: Bool) -> Words {
    var words = Words(text: text, ranges: text.isEmpty ? [] : [0..<text.count])
    for stage in stages { apply(stage, to: &words, isStart: isStart) }
    return words
  }

  private func apply(_ stage: Stage, to words: inout Words, isStart: Bool) {
    switch stage {
    case .split(let pattern, let behavior, let isInverted):
      split(&words, behavior: behavior, isInverted: isInverted) { text, position, _ in
        pattern.end(in: text, from: position)
      }
    case .digits(let individual):
      split(&words, behavior: individual ? .isolated : .contiguous, isInverted: false) {
        text, position, _ in
        let (scalar, length) = UTF8Text.scalar(in: text, at: position)
        return CharacterKind(scalar) == .number ? position + length : nil
      }
    case .byteLevel(let addsPrefixSpace, let splits):
      if addsPrefixSpace { prefix(&words, with: [0x20]) { _ in true } }
      if splits {
        split(&words, behavior: .isolated, isInverted: false) { text, position, _ in
          WordPattern.gpt2.end(in: text, from: position)
        }
      }
    case .metaspace(let replacement, let scheme, let splits):
      replaceSpaces(&words, by: replacement)
      switch scheme {
      case .always: prefix(&words, with: replacement) { _ in true }
      case .first: prefix(&words, with: replacement) { $0 == 0 && isStart }
      case .never: break
      }
      if splits {
        split(&words, behavior: .mergedWithNext, isInverted: false) { text, position, _ in
          WordPattern.literal(replacement).end(in: text, from: position)
        }
      }
    case .beforeRuns(let replacement):
      split(&words, behavior: .mergedWithNext, isInverted: false) { text, start, end in
        let pattern = WordPattern.literal(replacement)
        var position = start
        while position < end, let next = pattern.end(in: text, from: position) { position = next }
        return position > start ? position : nil
      }
    }
  }

  /// Cuts every piece at the matches `end` finds, given the piece alone and a position in it.
  private func split(
    _ words: inout Words, behavior: SplitBehavior, isInverted: Bool,
    end: (Span<UInt8>, Int, Int) -> Int?
  ) {
    var ranges: [Range<Int>] = []
    var pieces: [SplitBehavior.Piece] = []
    for range in words.ranges {
      let text = words.text.span.extracting(range)
      pieces.removeAll(keepingCapacity: true)
      var position = 0
      var unmatched = 0
      func add(_ from: Int, _ to: Int, _ isMatch: Bool) {
        guard from < to else { return }
        pieces.append(
          .init(
            range: range.lowerBound + from..<range.lowerBound + to,
            isMatch: isMatch != isInverted))
      }
      while position < text.count {
        if let matchEnd = end(text, position, text.count) {
          add(unmatched, position, false)
          add(position, matchEnd, true)
          position = matchEnd
          unmatched = matchEnd
        } else {
          position += UTF8Text.scalar(in: text, at: position).length
        }
      }
      add(unmatched, text.count, false)
      behavior.apply(to: pieces, into: &ranges)
    }
    words.ranges = ranges
  }

  /// Puts `bytes` before every piece that does not start with them, where `applies` to its number.
  private func prefix(_ words: inout Words, with bytes: [UInt8], where applies: (Int) -> Bool) {
    rewrite(&words) { piece, number, out in
      if applies(number), !piece.starts(with: bytes) { out.append(contentsOf: bytes) }
      out.append(contentsOf: piece)
    }
  }

  private func replaceSpaces(_ words: inout Words, by replacement: [UInt8]) {
    rewrite(&words) { piece, _, out in
      for byte in piece {
        if byte == 0x20 { out.append(contentsOf: replacement) } else { out.append(byte) }
      }
    }
  }

  private func rewrite(
    _ words: inout Words, _ body: (ArraySlice<UInt8>, Int, inout [UInt8]) -> Void
  ) {
    var text: [UInt8] = []
    text.reserveCapacity(words.text.count + 8)
    for (number, range) in words.ranges.enumerated() {
      let start = text.count
      body(words.text[range], number, &text)
      words.ranges[number] = start..<text.count
    }
    words.text = text
  }
}
