package import BSTKFormat

/// How a byte-level tokenizer cuts a text into words: by name in GGUF files, by regular expressions
/// in a `tokenizer.json`.
///
/// Source: llama.cpp's `llama-vocab.cpp` for what its names stand for.
package struct GGUFPreTokenizer: Sendable {
  /// The stages, as far as the names tell them apart.
  enum Kind: Hashable, Sendable {
    /// GPT-2's expression.
    case words
    /// Every digit alone, then GPT-2's.
    case digitsAndWords
    /// One expression.
    case expression(String)
  }

  /// llama.cpp's name.
  package let name: String
  let kind: Kind
  /// Whether a word that is a token is taken whole without merging.
  let ignoresMerges: Bool
  /// Whether a text is brought into NFC before.
  let normalizes: Bool
  /// Whether a token begins every text where the file does not say.
  let addsBegin: Bool

  private init(
    _ name: String, _ kind: Kind, ignoresMerges: Bool = false, normalizes: Bool = false,
    addsBegin: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.ignoresMerges = ignoresMerges
    self.normalizes = normalizes
    self.addsBegin = addsBegin
  }

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
  private static let word = #"[^\r\n\p{L}\p{N}]?\p{L}+|"#
  private static let rest = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let llama3 = contractions + word + #"\p{N}{1,3}"# + rest
  private static let qwen2 = contractions + word + #"\p{N}"# + rest
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  private static let prefix = #"[^\r\n\p{L}\p{N}]?"#
  private static let tekken =
    "\(prefix)\(upper)*\(lower)+|\(prefix)\(upper)+\(lower)*"
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The names that are known; of several that mean the same, the first is the one written.
  static let known: [GGUFPreTokenizer] = [
    .init("gpt-2", .words), .init("default", .words),
    .init("smollm", .digitsAndWords), .init("starcoder", .digitsAndWords),
    .init("llama-bpe", .expression(llama3), ignoresMerges: true, addsBegin: true),
    .init("llama3", .expression(llama3), ignoresMerges: true, addsBegin: true),
    .init("llama-v3", .expression(llama3), ignoresMerges: true, addsBegin: true),
    .init("falcon3", .expression(llama3), ignoresMerges: true, addsBegin: true),
    .init("pixtral", .expression(llama3), ignoresMerges: true, addsBegin: true),
    .init("smaug-bpe", .expression(llama3)), .init("dbrx", .expression(llama3)),
    .init("qwen2", .expression(qwen2), normalizes: true),
    .init("deepseek-r1-qwen", .expression(qwen2), normalizes: true),
    .init("megrez", .expression(qwen2), normalizes: true),
    .init("tekken", .expression(tekken), ignoresMerges: true, addsBegin: true),
  ]

  /// The pre-tokenizer of a file; files that name none are taken as GPT-2's.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` with the name when it is not known.
  init(named name: String?) throws(BSTKError) {
    let name = name ?? "default"
    guard let found = Self.known.first(where: { $0.name == name }) else {
      throw BSTKError(
        .modelUnsupported, "the pre-tokenizer \(name.prefix(100)) is not known",
        remedy: "start from the model's Hugging Face folder")
    }
    self = found
  }

  // MARK: tokenizer.json

  /// The member `pre_tokenizer`.
  var json: JSONValue {
    switch kind {
    case .words:
      return Self.byteLevel(splits: true)
    case .digitsAndWords:
      let digits = JSONValue.members([
        ("type", .string("Digits")), ("individual_digits", .bool(true)),
      ])
      return Self.sequence(digits, Self.byteLevel(splits: true))
    case .expression(let text):
      let split = JSONValue.members([
        ("type", .string("Split")), ("pattern", .members([("Regex", .string(text))])),
        ("behavior", .string("Isolated")), ("invert", .bool(false)),
      ])
      return Self.sequence(split, Self.byteLevel(splits: false))
    }
  }

  private static func sequence(_ stages: JSONValue...) -> JSONValue {
    .members([("type", .string("Sequence")), ("pretokenizers", .array(stages))])
  }

  /// A stage, or the decoder, that writes bytes as printable characters.
  static func byteLevel(splits: Bool) -> JSONValue {
    .members([
      ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)),
      ("trim_offsets", .bool(true)), ("use_regex", .bool(splits)),
    ])
  }

  /// The pre-tokenizer that llama.cpp has for a `tokenizer.json` with byte-level BPE.
  ///
  /// - Throws: `MODEL_UNSUPPORTED` when it has none, or none by a name known here.
  package init(json: JSONValue?, ignoresMerges: Bool) throws(BSTKError) {
    let kind = try Self.kind(json)
    let candidates = Self.known.filter { $0.kind == kind }
    // Where merges are ignored for whole words llama.cpp knows from the name alone.
    guard
      let found = candidates.first(where: { $0.ignoresMerges == ignoresMerges })
        ?? candidates.first
    else { throw Self.unknown("its expression") }
    self = found
  }

  private static func kind(_ json: JSONValue?) throws(BSTKError) -> Kind {
    var stages: [JSONValue] = []
    if let json {
      stages =
        json["type"]?.stringValue == "Sequence" ? json["pretokenizers"]?.arrayValue ?? [] : [json]
    }
    guard let last = stages.popLast(), last["type"]?.stringValue == "ByteLevel" else {
      throw unknown("its last stage")
    }
    guard last["add_prefix_space"]?.boolValue == false else {
      throw unknown("a space before every text")
    }
    let splits = last["use_regex"]?.boolValue ?? true
    guard let first = stages.first else {
      guard splits else { throw unknown("words that are not cut") }
      return .words
    }
    guard stages.count == 1 else { throw unknown("its number of stages") }
    switch (first["type"]?.stringValue, splits) {
    case ("Digits", true) where first["individual_digits"]?.boolValue == true:
      return .digitsAndWords
    case ("Split", false)
    where first["behavior"]?.stringValue == "Isolated"
      && first["invert"]?.boolValue != true:
      guard let expression = first["pattern"]?["Regex"]?.stringValue else {
        throw unknown("its pattern")
      }
      return .expression(expression)
    default:
      throw unknown("its first stage")
    }
  }

  private static func unknown(_ part: String) -> BSTKError {
    BSTKError(
      .modelUnsupported, "llama.cpp's name for the pre-tokenizer is not known: \(part)",
      remedy: "export a folder and convert it with llama.cpp's own converter")
  }
}
