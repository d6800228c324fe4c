internal import BSTKModelFiles
internal import BSTKFormat

/// The tokens of a `tokenizer.json` by their ids, without a gap.
struct GGUFVocabulary {
  /// What a token is for, by the numbers of GGUF files.
  enum Role: Int32 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  enum Kind {
    case byteLevel
    /// Spaces are ▁, and one is put before a text or not.
    case sentencePiece(addsSpace: Bool)
  }

  let kind: Kind
  private(set) var tokens: [String]
  private(set) var roles: [Role]
  let merges: [(left: String, right: String)]
  /// Scores in whose order merges are made, of the SentencePiece kind.
  private(set) var scores: [Float] = []

  private var ids: [[UInt8]: Int] = [:]

  /// - Parameter count: Rows of the embedding; ids without a token get one that is unused.
  init(_ json: JSONValue, count: Int) throws(BSTKError) {
    guard let model = json["model"], model["type"]?.stringValue ?? "BPE" == "BPE",
      let members = model["vocab"]?.objectValue, !members.isEmpty
    else { throw Self.unknown("no byte-pair encoding") }
    kind = try Self.kind(json, model)
    merges = try Self.merges(model["merges"])
    var tokens = [String?](repeating: nil, count: count)
    roles = [Role](repeating: .normal, count: count)
    for member in members {
      try Self.put(member.name, at: member.value.integerValue, in: &tokens)
    }
    for token in json["added_tokens"]?.arrayValue ?? [] {
      guard let content = token["content"]?.stringValue else { throw Self.fault("an added token") }
      let id = try Self.put(content, at: token["id"]?.integerValue, in: &tokens)
      roles[id] = token["special"]?.boolValue ?? false ? .control : .userDefined
    }
    self.tokens = []
    for (id, token) in tokens.enumerated() {
      if token == nil { roles[id] = .unused }
      let text = token ?? "[PAD\(id)]"
      guard ids.updateValue(id, forKey: Array(text.utf8)) == nil, !text.isEmpty else {
        throw Self.fault("the token \(text.prefix(100)), which is empty or has two ids")
      }
      self.tokens.append(text)
    }
    if case .sentencePiece = kind { addScores(model) }
  }

  /// The id of a token, or nil.
  func id(of token: String) -> Int? { ids[Array(token.utf8)] }

  @discardableResult
  private static func put(
    _ token: String, at id: Int?, in tokens: inout [String?]
  ) throws(BSTKError) -> Int {
    guard let id, tokens.indices.contains(id) else {
      throw fault("the token \(token.prefix(100)), for which the embedding has no row")
    }
    tokens[id] = token
    return id
  }

  private static func kind(_ json: JSONValue, _ model: JSONValue) throws(BSTKError) -> Kind {
    let stages = flattened(json["pre_tokenizer"], "pretokenizers")
    if stages.contains(where: { $0["type"]?.stringValue == "ByteLevel" }) { return .byteLevel }
    guard model["byte_fallback"]?.boolValue == true else {
      throw unknown("an encoding that neither has a token for each byte nor falls back on bytes")
    }
    if let stage = stages.first {
      guard stages.count == 1, stage["type"]?.stringValue == "Metaspace",
        stage["replacement"]?.stringValue ?? "▁" == "▁"
      else { throw unknown("its pre-tokenizer") }
      let scheme = stage["prepend_scheme"]?.stringValue
      let adds = scheme.map { $0 != "never" } ?? stage["add_prefix_space"]?.boolValue ?? true
      return .sentencePiece(addsSpace: adds)
    }
    var addsSpace = false
    var replaces = false
    for step in flattened(json["normalizer"], "normalizers") {
      switch step["type"]?.stringValue {
      case "Prepend" where step["prepend"]?.stringValue == "▁": addsSpace = true
      case "Replace" where step["pattern"]?["String"]?.stringValue == " ": replaces = true
      default: throw unknown("its normalizer")
      }
    }
    guard replaces else { throw unknown("its spaces") }
    return .sentencePiece(addsSpace: addsSpace)
  }

  private static func flattened(_ json: JSONValue?, _ list: String) -> [JSONValue] {
    guard let json else { return [] }
    return json["type"]?.stringValue == "Sequence" ? json[list]?.arrayValue ?? [] : [json]
  }

  private static func merges(
    _ json: JSONValue?
  ) throws(BSTKError) -> [(left: String, right: String)] {
    try (json?.arrayValue ?? []).map { merge throws(BSTKError) in
      let halves =
        merge.arrayValue?.compactMap(\.stringValue)
        ?? merge.stringValue?.split(separator: " ", omittingEmptySubsequences: false)
        .map(String.init) ?? []
      guard halves.count == 2 else { throw fault("a merge that is no pair") }
      return (halves[0], halves[1])
    }
  }

  /// A token's score is the rank of the first merge that makes it, negative; tokens that no merge
  /// makes come last.
  private mutating func addScores(_ model: JSONValue) {
    scores = tokens.indices.map { -Float(merges.count + $0) }
    for (rank, merge) in merges.enumerated().reversed() {
      if let id = ids[Array(merge.left.utf8) + Array(merge.right.utf8)] {
        scores[id] = -Float(rank)
      }
    }
    for (id, token) in tokens.enumerated() where Self.isByte(token) { roles[id] = .byte }
    if let unknown = model["unk_token"]?.stringValue.flatMap({ self.id(of: $0) }) {
      roles[unknown] = .unknown
    }
  }

  /// Whether a token stands for a byte, like `<0x0A>`.
  private static func isByte(_ token: String) -> Bool {
    token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
      && UInt8(token.dropFirst(3).dropLast(), radix: 16) != nil
  }

  private static func fault(_ what: String) -> BSTKError {
    BSTKError(.tokenizer, "tokenizer.json has \(what)")
  }

  private static func unknown(_ what: String) -> BSTKError {
    BSTKError(
      .modelUnsupported, "llama.cpp has no tokenizer like the model's: \(what)",
      remedy: "export a folder and convert it with llama.cpp's own converter")
  }
}
