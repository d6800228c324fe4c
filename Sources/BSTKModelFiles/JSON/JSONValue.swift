/// A JSON document in memory, as tokenizer and configuration files need it.
///
/// Swift compares strings by canonical equivalence, so a dictionary keyed by `String` would take
/// vocabulary entries apart only up to Unicode normalization. Here objects keep their members as
/// written, in order, and names are compared byte by byte.
package enum JSONValue: Sendable {
  /// A member of an object.
  package struct Member {
    package let name: String
    package let value: JSONValue
  }

  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// The member of an object with that name, or nil; the last one where a name repeats.
  ///
  /// JSON null counts as absent.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    let found = members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    if case .null = found { return nil }
    return found
  }

  /// Whether the object has the member, null or not.
  package func has(_ name: String) -> Bool {
    guard case .object(let members) = self else { return false }
    return members.contains { $0.name.utf8.elementsEqual(name.utf8) }
  }

  package var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A whole number, also where it is written as `4096.0`.
  package var integerValue: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var objectValue: [Member]? {
    if case .object(let value) = self { value } else { nil }
  }
}
