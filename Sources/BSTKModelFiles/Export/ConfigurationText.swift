internal import BSTKFormat

/// The bytes of a `config.json`, changed in one place and nowhere else.
struct ConfigurationText {
  /// The keys under which releases of the transformers library keep the weights' type.
  private static let typeKeys = ["dtype", "torch_dtype"]

  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What PyTorch calls a type of weights.
  static func name(of type: ElementType) -> String {
    switch type {
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: "float32"
    }
  }

  /// States the type of the weights, in the member that states it already or in a new one.
  ///
  /// - Throws: `MODEL` when the text is not a JSON object.
  mutating func setElementType(_ type: ElementType) throws(BSTKError) {
    let name = Self.name(of: type)
    let members = try Self.members(of: bytes)
    let replaced = members.filter { Self.typeKeys.contains($0.key) }
    for member in replaced.reversed() {
      bytes.replaceSubrange(member.value, with: Array("\"\(name)\"".utf8))
    }
    guard replaced.isEmpty, let brace = bytes.firstIndex(of: UInt8(ascii: "{")) else { return }
    let insertion = "\n  \"torch_dtype\": \"\(name)\"" + (members.isEmpty ? "\n" : ",")
    bytes.insert(contentsOf: Array(insertion.utf8), at: brace + 1)
  }

  private struct Member {
    let key: String
    let value: Range<Int>
  }

  /// The members of the outermost object. Escapes in keys are left as they stand.
  private static func members(of bytes: [UInt8]) throws(BSTKError) -> [Member] {
    let content = trimmed(bytes.indices, of: bytes)
    guard content.first.map({ bytes[$0] }) == UInt8(ascii: "{") else { throw malformed() }
    var members: [Member] = []
    var depth = 0
    var key: String?
    var text: Range<Int>?
    var valueStart: Int?
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        let end = try endOfString(bytes, from: index)
        text = (index + 1)..<(end - 1)
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: ":") where depth == 1 && key == nil:
        key = text.map { String(decoding: bytes[$0], as: UTF8.self) }
        valueStart = index + 1
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 1, let name = key, let start = valueStart {
          members.append(Member(key: name, value: trimmed(start..<index, of: bytes)))
          key = nil
        }
        if bytes[index] != UInt8(ascii: ",") { depth -= 1 }
        guard depth >= 0 else { throw malformed() }
      default:
        break
      }
      index += 1
    }
    guard depth == 0 else { throw malformed() }
    return members
  }

  /// The index behind the closing quote of the string that begins at `start`.
  private static func endOfString(_ bytes: [UInt8], from start: Int) throws(BSTKError) -> Int {
    var index = start + 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\"") { return index + 1 }
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    throw malformed()
  }

  private static func trimmed(_ range: Range<Int>, of bytes: [UInt8]) -> Range<Int> {
    let isSpace = { (index: Int) in [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) }
    let start = range.first { !isSpace($0) } ?? range.lowerBound
    let end = (range.last { !isSpace($0) } ?? (start - 1)) + 1
    return start..<max(start, end)
  }

  private static func malformed() -> BSTKError {
    BSTKError(.model, "config.json is not a JSON object")
  }
}
