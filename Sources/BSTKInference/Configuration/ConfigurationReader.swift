internal import BSTKFormat
internal import BSTKModelFiles
internal import BSTKTokenizer

/// Checked access to the members of a `config.json`.
struct ConfigurationReader {
  let json: JSONValue

  /// The family, where the forward pass knows the architecture; refuses everything else by name.
  func family() throws(BSTKError) -> ModelConfiguration.Family {
    guard case .object = json else { throw BSTKError(.model, "config.json is not a JSON object") }
    let type = json["model_type"]?.stringValue
    let architecture = json["architectures"]?.arrayValue?.first?.stringValue
    let named = (type ?? architecture ?? "unnamed").prefix(100)
    let families: [ModelConfiguration.Family: String] = [
      .llama: "LlamaForCausalLM", .mistral: "MistralForCausalLM", .qwen2: "Qwen2ForCausalLM",
    ]
    let found = families.first { family, name in
      type.map { $0 == family.rawValue } ?? (architecture == name)
    }
    guard let found, architecture == nil || architecture == found.value else {
      throw BSTKError(
        .modelUnsupported,
        "the architecture \(named)\(architecture.map { " (\($0.prefix(100)))" } ?? "") is not known",
        remedy: "models of the Llama, Mistral and Qwen2 families can be used")
    }
    let activation = json["hidden_act"]?.stringValue ?? "silu"
    guard activation == "silu" else {
      throw BSTKError(
        .modelUnsupported, "the activation \(activation.prefix(100)) is not known, only silu")
    }
    if json.hasValue("quantization_config") {
      throw BSTKError(
        .modelUnsupported, "the checkpoint is quantized already",
        remedy: "use the unquantized checkpoint of this model")
    }
    return found.key
  }

  /// A whole number from 1 to `limit`.
  func size(
    _ name: String, upTo limit: Int, default fallback: Int? = nil, in object: JSONValue? = nil
  ) throws(BSTKError) -> Int {
    guard let member = (object ?? json)[name] else {
      guard let fallback else { throw BSTKError(.model, "config.json has no \(name)") }
      guard fallback <= limit else { throw BSTKError(.model, "config.json needs \(name)") }
      return fallback
    }
    guard let value = member.integerValue, value >= 1, value <= limit else {
      throw BSTKError(.model, "config.json: \(name) is not a whole number from 1 to \(limit)")
    }
    return value
  }

  /// A number in a range.
  func number(
    _ name: String, in range: ClosedRange<Double>, default fallback: Double? = nil,
    in object: JSONValue? = nil
  ) throws(BSTKError) -> Double {
    guard let member = (object ?? json)[name] else {
      guard let fallback else { throw BSTKError(.model, "config.json has no \(name)") }
      return fallback
    }
    guard let value = member.doubleValue, range.contains(value) else {
      throw BSTKError(
        .model,
        "config.json: \(name) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A boolean.
  func flag(
    _ name: String, default fallback: Bool, in object: JSONValue? = nil
  ) throws(BSTKError) -> Bool {
    guard let member = (object ?? json)[name] else { return fallback }
    guard let value = member.boolValue else {
      throw BSTKError(.model, "config.json: \(name) is neither true nor false")
    }
    return value
  }

  /// One token id or a list of them.
  func tokenIDs(_ name: String, below limit: Int) throws(BSTKError) -> [TokenID] {
    guard let member = json[name] else { return [] }
    let values = member.arrayValue ?? [member]
    guard values.count <= 1000 else { throw BSTKError(.model, "config.json: too many in \(name)") }
    var ids: [TokenID] = []
    for value in values {
      guard let id = value.integerValue, id >= 0, id < limit else {
        throw BSTKError(.model, "config.json: \(name) is no token of the vocabulary")
      }
      ids.append(TokenID(id))
    }
    return ids
  }

  /// The sliding window of each layer, as the library decides it for the family.
  func slidingWindows(
    family: ModelConfiguration.Family, layerCount: Int
  ) throws(BSTKError) -> [Int?] {
    let none = [Int?](repeating: nil, count: layerCount)
    switch family {
    case .llama:
      return none
    case .mistral:
      // Absent means the library's default, null means no window.
      guard json.hasValue("sliding_window") || !json.has("sliding_window") else { return none }
      let window = try size("sliding_window", upTo: 1 << 30, default: 4096)
      return [Int?](repeating: window, count: layerCount)
    case .qwen2:
      guard try flag("use_sliding_window", default: false),
        json.hasValue("sliding_window") || !json.has("sliding_window")
      else { return none }
      let window = try size("sliding_window", upTo: 1 << 30, default: 4096)
      if let types = json["layer_types"]?.arrayValue {
        guard types.count == layerCount else {
          throw BSTKError(.model, "config.json: layer_types does not name every layer")
        }
        return try types.map { type throws(BSTKError) in
          switch type.stringValue {
          case "full_attention": nil
          case "sliding_attention": window
          default: throw BSTKError(.modelUnsupported, "config.json: an unknown layer type")
          }
        }
      }
      let first = json["max_window_layers"] ?? .integer(28)
      guard let first = first.integerValue, first >= 0 else {
        throw BSTKError(.model, "config.json: max_window_layers is not a whole number")
      }
      return (0..<layerCount).map { $0 >= first ? window : nil }
    }
  }
}

extension JSONValue {
  /// Whether the object has the member and it is not null.
  func hasValue(_ name: String) -> Bool { self[name] != nil }
}
