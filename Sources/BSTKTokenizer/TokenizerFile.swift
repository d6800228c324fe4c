public import BSTKFormat
internal import BSTKModelFiles

extension Tokenizer {
  /// Reads the bytes of a `tokenizer.json`.
  ///
  /// - Throws: `BSTKError` with code `TOKENIZER` when the file is malformed, above 128 MiB, or uses
  ///   a scheme that is not known, which the message names.
  public init(json: Span<UInt8>) throws(BSTKError) {
    guard json.count <= 128 << 20 else {
      throw BSTKError(.tokenizer, "tokenizer.json has more than 128 MiB")
    }
    self.init(file: try TokenizerFile(JSONParser.parse(json, code: .tokenizer)))
  }
}

/// The parts of a `tokenizer.json`, checked.
struct TokenizerFile {
  /// Token ids must be below this, which bounds the tables built from a file.
  static let maximumID = 1 << 22

  var normalizer = Normalizer()
  var preTokenizer = PreTokenizer()
  let model: TokenizerModel
  var addedTokens = AddedTokens()
  var normalizedAddedTokens = AddedTokens()
  let template: (prefix: [TokenID], suffix: [TokenID])
  let decoder: TokenDecoder
  let boundaries: StreamBoundaries
  var idsByContent: [[UInt8]: TokenID]

  init(_ json: JSONValue) throws(BSTKError) {
    guard case .object = json, let modelJSON = json["model"] else {
      throw Self.fault("there is no model in it")
    }
    if let steps = json["normalizer"] { normalizer.steps = try Self.normalizerSteps(steps) }
    if let stages = json["pre_tokenizer"] {
      preTokenizer.stages = try Self.preTokenizerStages(stages)
    }
    var isByteLevel = false
    for case .byteLevel in preTokenizer.stages { isByteLevel = true }

    let vocabulary = try Vocabulary(modelJSON)
    model = .bytePairs(try vocabulary.model(modelJSON, isByteLevel: isByteLevel))
    idsByContent = vocabulary.idsByContent
    let added = try Self.addedTokens(json["added_tokens"])
    for token in added {
      let content = Array(token.content.utf8)
      idsByContent[content] = token.id
      if token.isNormalized {
        normalizedAddedTokens.insert(token, as: normalizer.normalize(content))
      } else {
        addedTokens.insert(token, as: content)
      }
    }
    template = try Self.template(json["post_processor"])
    decoder = try Self.decoder(json["decoder"], vocabulary: vocabulary, added: added)
    let replacement = Self.spaceReplacement(preTokenizer, normalizer)
    let hasInnerSpace = replacement.map(vocabulary.hasTokenWithInner) ?? false
    boundaries = Self.boundaries(
      preTokenizer, isByteLevel: isByteLevel, hasInnerSpace: hasInnerSpace,
      replacement: replacement, added: added)
    if let replacement, !hasInnerSpace, !isByteLevel {
      preTokenizer.stages.append(.beforeRuns(of: replacement))
    }
  }

  static func fault(_ message: String) -> BSTKError {
    BSTKError(.tokenizer, "tokenizer.json: \(message)")
  }

  static func unsupported(_ part: String, _ value: JSONValue?) -> BSTKError {
    let name = value?["type"]?.stringValue ?? value?.stringValue ?? "without a type"
    return BSTKError(
      .tokenizer, "tokenizer.json: the \(part) \(name.prefix(200)) is not known",
      remedy: "give token ids from a file instead of a text")
  }

  /// What stands for a space in tokens of the SentencePiece kind, or nil.
  private static func spaceReplacement(
    _ preTokenizer: PreTokenizer, _ normalizer: Normalizer
  ) -> [UInt8]? {
    for case .metaspace(let replacement, _, _) in preTokenizer.stages { return replacement }
    for case .replace([0x20], let replacement) in normalizer.steps { return replacement }
    return nil
  }

  private static func boundaries(
    _ preTokenizer: PreTokenizer, isByteLevel: Bool, hasInnerSpace: Bool, replacement: [UInt8]?,
    added: [AddedTokens.Token]
  ) -> StreamBoundaries {
    var areKnown = isByteLevel || (replacement != nil && !hasInnerSpace)
    var needSpace = !isByteLevel
    var splitsWords = !isByteLevel
    for stage in preTokenizer.stages {
      switch stage {
      case .split(.literal, _, _): areKnown = false
      case .split(_, let behavior, let isInverted):
        splitsWords = true
        if behavior != .isolated, behavior != .removed || !isInverted { areKnown = false }
      case .byteLevel(let addsPrefixSpace, let splits):
        if addsPrefixSpace { needSpace = true }
        if splits { splitsWords = true }
      case .digits, .metaspace, .beforeRuns: break
      }
    }
    // A token looked for after normalization may look different in the text.
    let isPlain = added.allSatisfy { token in
      !token.isNormalized || token.content.utf8.allSatisfy { $0 < 0x80 }
    }
    return StreamBoundaries(
      areKnown: areKnown && splitsWords && isPlain, needSpace: needSpace)
  }
}
