internal import BSTKFormat

/// A header's JSON seen as brackets, separators and strings.
///
/// JSON decoders keep one of two members with the same name and say nothing; counting the members
/// in the text and in the decoded object shows that one was lost. The pass also refuses what the
/// format has no use for (deep nesting, fractions, signs, literals) before a decoder sees it.
struct SafetensorsHeaderOutline {
  /// Members of the outermost object.
  private(set) var memberCount = 0
  /// Members of the objects inside it, together.
  private(set) var nestedMemberCount = 0

  /// - Throws: `SAFETENSORS` at the first byte that no valid header has.
  init(_ json: [UInt8]) throws(BSTKError) {
    guard json.first == UInt8(ascii: "{") else {
      throw Self.fault("the header does not begin with {", at: 0)
    }
    var depth = 0
    var separatorCount = 0
    var isInString = false
    var isEscaped = false
    for index in json.indices {
      let byte = json[index]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= 3 else { throw Self.fault("the header is nested too deeply", at: index) }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
      case UInt8(ascii: ":"), UInt8(ascii: ","):
        separatorCount += 1
        guard separatorCount <= SafetensorsHeader.maximumSeparatorCount else {
          throw Self.fault("the header describes more tensors than bstk reads", at: index)
        }
        if byte == UInt8(ascii: ":") {
          if depth == 1 { memberCount += 1 } else { nestedMemberCount += 1 }
        }
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "\t"),
        UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        break
      default:
        throw Self.fault("byte 0x\(String(byte, radix: 16)) has no place in a header", at: index)
      }
    }
    guard depth == 0, !isInString else {
      throw Self.fault("the header ends in the middle of an object", at: json.count)
    }
  }

  private static func fault(_ message: String, at index: Int) -> BSTKError {
    SafetensorsHeader.fault(message, at: SafetensorsHeader.prefixByteCount + index)
  }
}
