internal import BSTKFormat

/// The tokenizer in a GGUF file's metadata, as the files of a Hugging Face folder say it.
///
/// Two kinds are known: byte-level BPE (`gpt2`), and BPE of the SentencePiece kind with bytes to fall
/// back on (`llama`), whose merges follow from the scores where the file lists none.
struct GGUFTokenizer {
  /// What a token is for, by the file's numbers.
  enum Role: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// The `tokenizer.json`.
  let json: JSONValue

  private let metadata: GGUFMetadata
  private let tokens: [String]
  private let addsBegin: Bool
  private let addsEnd: Bool
  private let specials: [Special: Int]

  private enum Special: String, CaseIterable {
    case begin = "bos"
    case end = "eos"
    case unknown = "unknown"
    case padding = "padding"

    /// What `tokenizer_config.json` calls it.
    var name: String {
      switch self {
      case .begin: "bos"
      case .end: "eos"
      case .unknown: "unk"
      case .padding: "pad"
      }
    }
  }

  /// Longer tokens are no words.
  private static let tokenByteCount = 1024

  /// Makes the tokenizer, or nil when the file has none.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` with the name of a kind or pre-tokenizer that is not known, `GGUF`
  ///   when the lists contradict each other or the embedding.
  init?(_ file: GGUFFile, vocabularySize: Int) throws(BSTKError) {
    metadata = file.metadata
    guard let model = try metadata.optional("tokenizer.ggml.model", "a text", { $0.text }) else {
      return nil
    }
    let tokens =
      try metadata.optional("tokenizer.ggml.tokens", "a list of texts") { $0.texts } ?? []
    guard !tokens.isEmpty, tokens.count <= vocabularySize else {
      throw GGUFHeader.fault(
        "the vocabulary has \(tokens.count) tokens, the embedding \(vocabularySize) rows", at: nil)
    }
    self.tokens = tokens
    let ids = try Self.ids(tokens)
    let roles = try Self.roles(metadata, count: tokens.count)
    let isByteLevel = model == "gpt2"
    guard isByteLevel || model == "llama" else {
      throw BSTKError(
        .modelUnsupported, "tokenizers of the kind \(model.prefix(100)) are not known",
        remedy: "start from the model's Hugging Face folder")
    }
    let pre = try GGUFPreTokenizer(
      named: isByteLevel
        ? metadata.optional("tokenizer.ggml.pre", "a text") { $0.text } : nil)
    specials = try Self.specials(metadata, isByteLevel: isByteLevel, count: tokens.count)
    addsBegin =
      try metadata.flag("tokenizer.ggml.add_bos_token", default: !isByteLevel || pre.addsBegin)
      && specials[.begin] != nil
    addsEnd =
      try metadata.flag("tokenizer.ggml.add_eos_token", default: false) && specials[.end] != nil
    let added = zip(tokens, roles).enumerated().compactMap { id, token in
      Self.added(token.0, token.1, id: id)
    }
    let merges = try Self.merges(metadata, tokens, ids, isByteLevel: isByteLevel)
    var members: [(String, JSONValue)] = [
      ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
      ("added_tokens", .array(added)),
    ]
    members +=
      isByteLevel
      ? Self.byteLevel(pre, tokens, merges)
      : try Self.sentencePiece(
        tokens, merges, unknown: specials[.unknown],
        addsSpace: metadata.flag("tokenizer.ggml.add_space_prefix", default: true))
    members.append(
      (
        "post_processor",
        Self.template(
          begin: addsBegin ? specials[.begin] : nil, end: addsEnd ? specials[.end] : nil, tokens)
      ))
    json = .members(members)
  }

  // MARK: Lists

  private static func ids(_ tokens: [String]) throws(BSTKError) -> [[UInt8]: Int] {
    var ids: [[UInt8]: Int] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() {
      let bytes = Array(token.utf8)
      guard !bytes.isEmpty, bytes.count <= tokenByteCount, ids.updateValue(id, forKey: bytes) == nil
      else {
        throw GGUFHeader.fault(
          "token \(id) is empty, longer than \(tokenByteCount) bytes or there twice", at: nil)
      }
    }
    return ids
  }

  private static func roles(_ metadata: GGUFMetadata, count: Int) throws(BSTKError) -> [Role] {
    let list = try metadata.optional("tokenizer.ggml.token_type", "a list of whole numbers") {
      $0.integers
    }
    guard let list else { return Array(repeating: .normal, count: count) }
    guard list.count == count else {
      throw GGUFHeader.fault("\(list.count) types of tokens for \(count) tokens", at: nil)
    }
    return list.map { Role(rawValue: $0) ?? .normal }
  }

  private static func specials(
    _ metadata: GGUFMetadata, isByteLevel: Bool, count: Int
  ) throws(BSTKError) -> [Special: Int] {
    // Files of the SentencePiece kind may leave out the ids that all of them have.
    var ids: [Special: Int] = isByteLevel ? [:] : [.begin: 1, .end: 2, .unknown: 0]
    for special in Special.allCases {
      let key = "tokenizer.ggml.\(special.rawValue)_token_id"
      if let id = try metadata.optional(key, "a whole number", { $0.integer }) { ids[special] = id }
    }
    return ids.filter { (0..<count).contains($0.value) }
  }

  private static func added(_ token: String, _ role: Role, id: Int) -> JSONValue? {
    let isSpecial: Bool
    switch role {
    case .control, .unknown: isSpecial = true
    case .userDefined: isSpecial = false
    case .normal, .unused, .byte: return nil
    }
    return .members([
      ("id", .integer(id)), ("content", .string(token)), ("single_word", .bool(false)),
      ("lstrip", .bool(false)), ("rstrip", .bool(false)), ("normalized", .bool(false)),
      ("special", .bool(isSpecial)),
    ])
  }

  private static func merges(
    _ metadata: GGUFMetadata, _ tokens: [String], _ ids: [[UInt8]: Int], isByteLevel: Bool
  ) throws(BSTKError) -> [JSONValue] {
    guard
      let list = try metadata.optional("tokenizer.ggml.merges", "a list of texts", { $0.texts })
    else {
      guard !isByteLevel else { throw GGUFHeader.fault("there are no merges", at: nil) }
      return try GGUFMerges(metadata, tokens, ids).pairs.map {
        .array([.string($0.left), .string($0.right)])
      }
    }
    for (rank, merge) in list.enumerated() {
      let halves = merge.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map(
        Array.init)
      guard halves.count == 2, ids[halves[0]] != nil, ids[halves[1]] != nil,
        ids[halves[0] + halves[1]] != nil
      else {
        throw GGUFHeader.fault("merge \(rank) is not one of two tokens to a third", at: nil)
      }
    }
    return list.map { .string($0) }
  }

  // MARK: Parts of the document

  private static func byteLevel(
    _ pre: GGUFPreTokenizer, _ tokens: [String], _ merges: [JSONValue]
  ) -> [(String, JSONValue)] {
    [
      ("normalizer", pre.normalizes ? .members([("type", .string("NFC"))]) : .null),
      ("pre_tokenizer", pre.json), ("decoder", GGUFPreTokenizer.byteLevel(splits: true)),
      (
        "model",
        model(
          tokens, merges, unknown: nil, isOfSentencePieceKind: false,
          ignoresMerges: pre.ignoresMerges)
      ),
    ]
  }

  private static func sentencePiece(
    _ tokens: [String], _ merges: [JSONValue], unknown: Int?, addsSpace: Bool
  ) -> [(String, JSONValue)] {
    func step(_ type: String, _ members: (String, JSONValue)...) -> JSONValue {
      .members([("type", .string(type))] + members)
    }
    var decoders = [
      step(
        "Replace", ("pattern", .members([("String", .string("▁"))])), ("content", .string(" "))),
      step("ByteFallback"), step("Fuse"),
    ]
    if addsSpace {
      decoders.append(
        step("Strip", ("content", .string(" ")), ("start", .integer(1)), ("stop", .integer(0))))
    }
    return [
      ("normalizer", .null),
      (
        "pre_tokenizer",
        step(
          "Metaspace", ("replacement", .string("▁")),
          ("prepend_scheme", .string(addsSpace ? "first" : "never")), ("split", .bool(false)))
      ),
      ("decoder", step("Sequence", ("decoders", .array(decoders)))),
      (
        "model",
        model(
          tokens, merges, unknown: unknown.map { tokens[$0] }, isOfSentencePieceKind: true,
          ignoresMerges: false)
      ),
    ]
  }

  private static func model(
    _ tokens: [String], _ merges: [JSONValue], unknown: String?, isOfSentencePieceKind: Bool,
    ignoresMerges: Bool
  ) -> JSONValue {
    .members([
      ("type", .string("BPE")), ("dropout", .null),
      ("unk_token", unknown.map(JSONValue.string) ?? .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
      ("fuse_unk", .bool(isOfSentencePieceKind)), ("byte_fallback", .bool(isOfSentencePieceKind)),
      ("ignore_merges", .bool(ignoresMerges)),
      ("vocab", .members(tokens.enumerated().map { ($1, .integer($0)) })),
      ("merges", .array(merges)),
    ])
  }

  /// What puts special tokens around a text.
  private static func template(begin: Int?, end: Int?, _ tokens: [String]) -> JSONValue {
    guard begin != nil || end != nil else { return .null }
    func special(_ id: Int, _ type: Int) -> JSONValue {
      .members([
        (
          "SpecialToken",
          .members([("id", .string(tokens[id])), ("type_id", .integer(type))])
        )
      ])
    }
    func text(_ name: String, _ type: Int) -> [JSONValue] {
      let sequence = JSONValue.members([
        ("id", .string(name)), ("type_id", .integer(type)),
      ])
      return (begin.map { [special($0, type)] } ?? [])
        + [.members([("Sequence", sequence)])] + (end.map { [special($0, type)] } ?? [])
    }
    let used = Set([begin, end].compactMap { $0 }).sorted()
    return .members([
      ("type", .string("TemplateProcessing")), ("single", .array(text("A", 0))),
      ("pair", .array(text("A", 0) + text("B", 1))),
      (
        "special_tokens",
        .members(
          used.map { id in
            (
              tokens[id],
              .members([
                ("id", .string(tokens[id])), ("ids", .array([.integer(id)])),
                ("tokens", .array([.string(tokens[id])])),
              ])
            )
          })
      ),
    ])
  }

  // MARK: The other files

  /// The `tokenizer_config.json`.
  func configuration(maximumPositions: Int) throws(BSTKError) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokenizer_class", .string("PreTrainedTokenizerFast")),
      ("add_bos_token", .bool(addsBegin)), ("add_eos_token", .bool(addsEnd)),
      ("clean_up_tokenization_spaces", .bool(false)),
      ("model_max_length", .integer(maximumPositions)),
    ]
    for special in Special.allCases {
      guard let id = specials[special] else { continue }
      members.append(("\(special.name)_token", .string(tokens[id])))
    }
    if let template = try metadata.optional("tokenizer.chat_template", "a text", { $0.text }) {
      members.append(("chat_template", .string(template)))
    }
    return .members(members)
  }

  /// The `generation_config.json`.
  var generation: JSONValue {
    let ids: [(String, Special)] = [
      ("bos_token_id", .begin), ("eos_token_id", .end), ("pad_token_id", .padding),
    ]
    return .members(
      ids.compactMap { name, special in specials[special].map { (name, .integer($0)) } })
  }
}
