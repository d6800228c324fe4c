internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKFormat

/// A model's tokenizer as llama.cpp reads it out of metadata.
///
/// Known are the two kinds of BPE that a `tokenizer.json` may have: byte-level, whose pre-tokenizer
/// llama.cpp has under a name, and that of the SentencePiece kind with bytes to fall back on.
struct GGUFTokenizerMetadata {
  private(set) var metadata: [(key: String, value: GGUFValue)] = []

  private let vocabulary: GGUFVocabulary
  private let configuration: ModelConfiguration

  /// - Throws: `TOKENIZER` when the tokenizer is missing or malformed, `MODEL_UNSUPPORTED` naming
  ///   what llama.cpp has nothing for.
  init(_ weights: BSTKWeights, _ configuration: ModelConfiguration) throws(BSTKError) {
    guard let bytes = try weights.auxiliaryBytes("tokenizer.json") else {
      throw BSTKError(
        .tokenizer, "the file holds no tokenizer.json, which a GGUF file cannot do without",
        remedy: "add the model's tokenizer.json to its folder and compress it again")
    }
    let json = try JSONParser.parse(bytes.span, code: .tokenizer)
    var settings = JSONValue.members([])
    if let bytes = try weights.auxiliaryBytes("tokenizer_config.json") {
      settings = try JSONParser.parse(bytes.span, code: .tokenizer)
    }
    vocabulary = try GGUFVocabulary(json, count: configuration.vocabularySize)
    self.configuration = configuration
    try addWords(json)
    addSpecials(json, settings)
    var template = settings["chat_template"].flatMap(Self.template)
    if template == nil, let bytes = try weights.auxiliaryBytes("chat_template.jinja") {
      template = String(decoding: bytes, as: UTF8.self)
    }
    if let template { add("chat_template", .string(template), under: "tokenizer") }
  }

  private mutating func add(
    _ key: String, _ value: GGUFValue, under prefix: String = "tokenizer.ggml"
  ) {
    metadata.append(("\(prefix).\(key)", value))
  }

  // MARK: Words

  private mutating func addWords(_ json: JSONValue) throws(BSTKError) {
    switch vocabulary.kind {
    case .byteLevel:
      let pre = try GGUFPreTokenizer(
        json: json["pre_tokenizer"],
        ignoresMerges: json["model"]?["ignore_merges"]?.boolValue ?? false)
      add("model", .string("gpt2"))
      add("pre", .string(pre.name))
    case .sentencePiece(let addsSpace):
      add("model", .string("llama"))
      add("pre", .string("default"))
      add("add_space_prefix", .bool(addsSpace))
    }
    add("tokens", .strings(vocabulary.tokens))
    if case .sentencePiece = vocabulary.kind { add("scores", .floats(vocabulary.scores)) }
    add("token_type", .integers(vocabulary.roles.map(\.rawValue)))
    if case .byteLevel = vocabulary.kind {
      add("merges", .strings(vocabulary.merges.map { "\($0.left) \($0.right)" }))
    }
  }

  // MARK: Special tokens

  private mutating func addSpecials(_ json: JSONValue, _ settings: JSONValue) {
    let begin = id("bos_token", settings) ?? configuration.beginTokenID.map(Int.init)
    let end = id("eos_token", settings) ?? configuration.endTokenIDs.first.map(Int.init)
    let ids = [
      ("bos", begin), ("eos", end), ("unknown", id("unk_token", settings)),
      ("padding", id("pad_token", settings)),
    ]
    for (name, id) in ids {
      if let id { add("\(name)_token_id", .uint32(UInt32(clamping: id))) }
    }
    let (before, after) = Self.surroundings(json["post_processor"])
    // Without a template the settings decide.
    let addsBegin = before ?? settings["add_bos_token"]?.boolValue ?? false
    let addsEnd = after ?? settings["add_eos_token"]?.boolValue ?? false
    add("add_bos_token", .bool(addsBegin && begin != nil))
    add("add_eos_token", .bool(addsEnd && end != nil))
  }

  /// The id of a special token that settings name by its text.
  private func id(_ name: String, _ settings: JSONValue) -> Int? {
    let member = settings[name]
    let text = member?.stringValue ?? member?["content"]?.stringValue
    return text.flatMap { vocabulary.id(of: $0) }
  }

  /// Whether a template puts special tokens before and behind a text; nil where there is none.
  private static func surroundings(_ json: JSONValue?) -> (before: Bool?, after: Bool?) {
    guard let json else { return (nil, nil) }
    let parts = json["processors"]?.arrayValue ?? [json]
    for part in parts where part["type"]?.stringValue == "TemplateProcessing" {
      let items = part["single"]?.arrayValue ?? []
      return (items.first?["SpecialToken"] != nil, items.last?["SpecialToken"] != nil)
    }
    return (nil, nil)
  }

  /// A template for conversations: a text, or the default one of several.
  private static func template(_ json: JSONValue) -> String? {
    if let text = json.stringValue { return text }
    return json.arrayValue?.first { $0["name"]?.stringValue == "default" }?["template"]?.stringValue
  }
}
