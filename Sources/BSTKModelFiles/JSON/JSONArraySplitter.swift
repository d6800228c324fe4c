package import BSTKFormat

/// Finds the elements of a JSON array without parsing them, so that a huge array of small elements
/// is read one element at a time.
package struct JSONArraySplitter: ~Escapable {
  private let bytes: Span<UInt8>
  private var position = 0
  private var isFirst = true

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// The range of the next element, or nil at the end of the array.
  ///
  /// - Throws: `MODEL` when the bytes are not one array.
  package mutating func next() throws(BSTKError) -> Range<Int>? {
    skipSpace()
    if isFirst {
      isFirst = false
      guard take(UInt8(ascii: "[")) else { throw fault("an array is expected") }
      skipSpace()
      if take(UInt8(ascii: "]")) { return try finish() }
    } else {
      if take(UInt8(ascii: "]")) { return try finish() }
      guard take(UInt8(ascii: ",")) else { throw fault("a comma is expected") }
      skipSpace()
    }
    let start = position
    try skipElement()
    return start..<position
  }

  private mutating func finish() throws(BSTKError) -> Range<Int>? {
    skipSpace()
    guard position == bytes.count else { throw fault("bytes follow the array") }
    return nil
  }

  /// Skips to the comma or bracket behind the element; strings may hold any of them.
  private mutating func skipElement() throws(BSTKError) {
    var depth = 0
    var isInString = false
    while position < bytes.count {
      let byte = bytes[position]
      if isInString {
        if byte == UInt8(ascii: "\\") { position += 1 }
        if byte == UInt8(ascii: "\"") { isInString = false }
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return }
          depth -= 1
        case UInt8(ascii: ",") where depth == 0: return
        default: break
        }
      }
      position += 1
    }
    position = bytes.count
    throw fault("the document ends early")
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func fault(_ message: String) -> BSTKError {
    BSTKError(.model, "malformed JSON at byte \(position): \(message)")
  }
}
