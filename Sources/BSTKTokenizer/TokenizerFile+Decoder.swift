internal import BSTKFormat
internal import BSTKModelFiles

extension TokenizerFile {
  /// What each token contributes to a text, by the decoder's steps.
  static func decoder(
    _ json: JSONValue?, vocabulary: Vocabulary, added: [AddedTokens.Token]
  ) throws(BSTKError) -> TokenDecoder {
    let rules = try decodingRules(json)
    var largest = 0
    for id in vocabulary.idsByContent.values { largest = max(largest, Int(id)) }
    for token in added { largest = max(largest, Int(token.id)) }
    var bytes = [[UInt8]?](repeating: nil, count: largest + 1)
    for (content, id) in vocabulary.idsByContent {
      bytes[Int(id)] = rules.bytes(of: String(decoding: content, as: UTF8.self))
    }
    for token in added {
      bytes[Int(token.id)] = rules.bytes(of: token.content)
    }
    return TokenDecoder(
      bytes: bytes, special: Set(added.filter(\.isSpecial).map(\.id)),
      strippedPrefix: rules.strippedPrefix)
  }

  /// The steps of a decoder, as far as they concern one token at a time.
  private struct DecodingRules {
    var usesByteAlphabet = false
    var hasByteTokens = false
    var replacements: [(old: [UInt8], new: [UInt8])] = []
    var strippedPrefix: [UInt8] = []

    func bytes(of token: String) -> [UInt8] {
      if usesByteAlphabet { return ByteAlphabet.bytes(of: token) ?? Array(token.utf8) }
      if hasByteTokens, let byte = Vocabulary.byte(token) { return [byte] }
      var normalizer = Normalizer()
      normalizer.steps = replacements.map { .replace($0.old, by: $0.new) }
      return normalizer.normalize(Array(token.utf8))
    }
  }

  private static func decodingRules(_ json: JSONValue?) throws(BSTKError) -> DecodingRules {
    var rules = DecodingRules()
    guard let json else { return rules }
    let steps =
      json["type"]?.stringValue == "Sequence" ? json["decoders"]?.arrayValue ?? [] : [json]
    for step in steps {
      switch step["type"]?.stringValue {
      case "ByteLevel": rules.usesByteAlphabet = true
      case "ByteFallback": rules.hasByteTokens = true
      case "Fuse": break
      case "Replace":
        guard let old = step["pattern"]?["String"]?.stringValue, !old.isEmpty,
          let new = step["content"]?.stringValue
        else { throw fault("a decoder replaces by a regular expression") }
        rules.replacements.append((Array(old.utf8), Array(new.utf8)))
      case "Strip":
        guard let content = step["content"]?.stringValue, step["stop"]?.integerValue ?? 0 == 0,
          let count = step["start"]?.integerValue, (0...1).contains(count)
        else { throw fault("a decoder strips more than one character at the start") }
        if count == 1 { rules.strippedPrefix = Array(content.utf8) }
      case "Metaspace":
        let old = step["replacement"]?.stringValue ?? "▁"
        rules.replacements.append((Array(old.utf8), [0x20]))
        let scheme = step["prepend_scheme"]?.stringValue
        let adds = step["add_prefix_space"]?.boolValue ?? true
        if scheme != "never", scheme != nil || adds { rules.strippedPrefix = [0x20] }
      default: throw unsupported("decoder", step)
      }
    }
    return rules
  }
}
