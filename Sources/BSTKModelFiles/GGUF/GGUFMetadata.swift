internal import BSTKFormat

/// The metadata of a GGUF file, by key.
struct GGUFMetadata: Sendable {
  private let values: [String: GGUFValue]

  init(_ values: [String: GGUFValue]) { self.values = values }

  subscript(key: String) -> GGUFValue? { values[key] }

  /// A text.
  ///
  /// - Throws: `GGUF` when it is missing and no default is given, or of another type; here and below.
  func text(_ key: String, default fallback: String? = nil) throws(BSTKError) -> String {
    try value(key, "a text", fallback) { $0.text }
  }

  /// A whole number.
  func integer(_ key: String, default fallback: Int? = nil) throws(BSTKError) -> Int {
    try value(key, "a whole number", fallback) { $0.integer }
  }

  /// A number.
  func number(_ key: String, default fallback: Double? = nil) throws(BSTKError) -> Double {
    try value(key, "a number", fallback) { $0.number }
  }

  /// A boolean.
  func flag(_ key: String, default fallback: Bool) throws(BSTKError) -> Bool {
    try value(key, "true or false", fallback) { $0.flag }
  }

  /// The value read as `read` does, or nil when there is none under the key.
  func optional<Value>(
    _ key: String, _ kind: StaticString, _ read: (GGUFValue) -> Value?
  ) throws(BSTKError) -> Value? {
    guard let found = values[key] else { return nil }
    guard let value = read(found) else {
      throw GGUFHeader.fault("the metadata's \(key) is not \(kind)", at: nil)
    }
    return value
  }

  private func value<Value>(
    _ key: String, _ kind: StaticString, _ fallback: Value?, _ read: (GGUFValue) -> Value?
  ) throws(BSTKError) -> Value {
    if let value = try optional(key, kind, read) ?? fallback { return value }
    throw GGUFHeader.fault("the metadata have no \(key)", at: nil)
  }
}
