internal import BSTKFormat
internal import BSTKModelFiles

extension TokenizerFile {
  /// The members of a `Sequence`, or the part itself.
  private static func flattened(
    _ json: JSONValue, _ list: String, depth: Int = 0
  ) throws(BSTKError) -> [JSONValue] {
    guard json["type"]?.stringValue == "Sequence" else { return [json] }
    guard let parts = json[list]?.arrayValue, depth < 8 else {
      throw fault("a sequence has no \(list), or is nested too deeply")
    }
    var result: [JSONValue] = []
    for part in parts { result += try flattened(part, list, depth: depth + 1) }
    return result
  }

  static func normalizerSteps(_ json: JSONValue) throws(BSTKError) -> [Normalizer.Step] {
    try flattened(json, "normalizers").map { step throws(BSTKError) in
      switch step["type"]?.stringValue {
      case "NFC": .unicode(.nfc)
      case "NFD": .unicode(.nfd)
      case "NFKC": .unicode(.nfkc)
      case "NFKD": .unicode(.nfkd)
      case "Prepend": .prepend(Array((step["prepend"]?.stringValue ?? "").utf8))
      case "Replace":
        try replacement(step)
      default: throw unsupported("normalizer", step)
      }
    }
  }

  private static func replacement(_ step: JSONValue) throws(BSTKError) -> Normalizer.Step {
    guard let old = step["pattern"]?["String"]?.stringValue, !old.isEmpty,
      let new = step["content"]?.stringValue
    else {
      throw fault("a replacement by a regular expression is not known")
    }
    return .replace(Array(old.utf8), by: Array(new.utf8))
  }

  static func preTokenizerStages(_ json: JSONValue) throws(BSTKError) -> [PreTokenizer.Stage] {
    try flattened(json, "pretokenizers").map { stage throws(BSTKError) in
      switch stage["type"]?.stringValue {
      case "ByteLevel":
        return .byteLevel(
          addsPrefixSpace: stage["add_prefix_space"]?.boolValue ?? true,
          splits: stage["use_regex"]?.boolValue ?? true)
      case "Digits":
        return .digits(individual: stage["individual_digits"]?.boolValue ?? false)
      case "Split":
        return try split(stage)
      case "Metaspace":
        return try metaspace(stage)
      default: throw unsupported("pre-tokenizer", stage)
      }
    }
  }

  private static func split(_ stage: JSONValue) throws(BSTKError) -> PreTokenizer.Stage {
    guard let behavior = stage["behavior"]?.stringValue.flatMap(SplitBehavior.init) else {
      throw fault("a split has no behavior that is known")
    }
    let isInverted = stage["invert"]?.boolValue ?? false
    if let text = stage["pattern"]?["String"]?.stringValue, !text.isEmpty {
      return .split(.literal(Array(text.utf8)), behavior, isInverted: isInverted)
    }
    let expression = stage["pattern"]?["Regex"]
    guard let pattern = expression?.stringValue.flatMap(WordPattern.init(expression:)) else {
      throw unsupported("pattern", expression)
    }
    return .split(pattern, behavior, isInverted: isInverted)
  }

  private static func metaspace(_ stage: JSONValue) throws(BSTKError) -> PreTokenizer.Stage {
    let replacement = Array((stage["replacement"]?.stringValue ?? "▁").utf8)
    guard !replacement.isEmpty else { throw fault("a Metaspace without a replacement") }
    let prefix: PreTokenizer.PrefixScheme
    switch stage["prepend_scheme"]?.stringValue {
    case "always": prefix = .always
    case "first": prefix = .first
    case "never": prefix = .never
    case nil: prefix = stage["add_prefix_space"]?.boolValue ?? true ? .always : .never
    default: throw fault("a Metaspace has no prepend_scheme that is known")
    }
    return .metaspace(
      replacement: replacement, prefix: prefix, splits: stage["split"]?.boolValue ?? true)
  }

  static func addedTokens(_ json: JSONValue?) throws(BSTKError) -> [AddedTokens.Token] {
    try (json?.arrayValue ?? []).map { token throws(BSTKError) in
      guard let id = token["id"]?.integerValue, id >= 0, id < maximumID,
        let content = token["content"]?.stringValue, content.utf8.count <= 1024
      else { throw fault("an added token lacks a content or an id in range") }
      return AddedTokens.Token(
        id: TokenID(id), content: content, isSpecial: token["special"]?.boolValue ?? false,
        isNormalized: token["normalized"]?.boolValue ?? false,
        stripsLeft: token["lstrip"]?.boolValue ?? false,
        stripsRight: token["rstrip"]?.boolValue ?? false,
        isSingleWord: token["single_word"]?.boolValue ?? false)
    }
  }

  /// The special tokens a post-processor puts around one text.
  static func template(
    _ json: JSONValue?
  ) throws(BSTKError) -> (prefix: [TokenID], suffix: [TokenID]) {
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
    for part in try json.map({ json throws(BSTKError) in try flattened(json, "processors") }) ?? []
    {
      switch part["type"]?.stringValue {
      case "ByteLevel": continue
      case "TemplateProcessing":
        var before: [TokenID] = []
        var after: [TokenID] = []
        var texts = 0
        for item in part["single"]?.arrayValue ?? [] {
          if item["Sequence"] != nil {
            texts += 1
          } else if let name = item["SpecialToken"]?["id"]?.stringValue {
            let ids = try templateIDs(part["special_tokens"]?[name])
            if texts == 0 { before += ids } else { after += ids }
          } else {
            throw fault("a template holds neither text nor special token")
          }
        }
        guard texts == 1 else { throw fault("a template does not hold the text once") }
        prefix = before + prefix
        suffix += after
      default: throw unsupported("post-processor", part)
      }
    }
    return (prefix, suffix)
  }

  private static func templateIDs(_ json: JSONValue?) throws(BSTKError) -> [TokenID] {
    guard let ids = json?["ids"]?.arrayValue else {
      throw fault("a template names a special token it does not define")
    }
    return try ids.map { id throws(BSTKError) in
      guard let value = id.integerValue, value >= 0, value < maximumID else {
        throw fault("a template holds an id out of range")
      }
      return TokenID(value)
    }
  }
}
