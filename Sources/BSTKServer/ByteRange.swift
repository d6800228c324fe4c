/// What a `Range` field means for a file of a known size (RFC 9110 section 14.1.2 and 14.2).
enum RangeOutcome: Equatable {
  /// Answer the whole file: no range, a malformed one, another unit, or several ranges.
  case whole
  /// Answer these bytes, which are at least one.
  case part(Range<UInt64>)
  /// Well-formed, but no byte of the file lies in it.
  case unsatisfiable

  /// Reads a field value such as `bytes=0-99`, `bytes=100-` or `bytes=-5`.
  ///
  /// Section 14.2 allows a server to ignore the field, so several ranges are answered with the whole
  /// file rather than with a multipart body that no client of ours would ask for.
  init(field: String?, size: UInt64) {
    guard let field, let equals = field.utf8.firstIndex(of: UInt8(ascii: "=")),
      field[..<equals].lowercased() == "bytes"
    else {
      self = .whole
      return
    }
    let ranges = field[field.index(after: equals)...].utf8.split(separator: UInt8(ascii: ","))
      .map { trimmed($0) }.filter { !$0.isEmpty }
    guard ranges.count == 1, let only = ranges.first,
      let dash = only.firstIndex(of: UInt8(ascii: "-")),
      let first = Self.position(only[..<dash]),
      let last = Self.position(only[only.index(after: dash)...])
    else {
      self = .whole
      return
    }
    self = Self.resolve(first, last, size: size)
  }

  /// A position in a range: absent, or a number clamped to what fits.
  private enum Position {
    case absent
    case at(UInt64)
  }

  private static func position(_ digits: Substring.UTF8View) -> Position? {
    guard !digits.isEmpty else { return .absent }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      let (product, wide) = value.multipliedReportingOverflow(by: 10)
      let (sum, wider) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      // A number past any file's size only has to stay past it.
      value = wide || wider ? .max : sum
      if value == .max { continue }
    }
    return .at(value)
  }

  private static func resolve(_ first: Position, _ last: Position, size: UInt64) -> RangeOutcome {
    switch (first, last) {
    case (.absent, .absent):
      return .whole
    case (.absent, .at(let count)):
      guard count > 0 else { return .unsatisfiable }
      // A suffix of an empty file is satisfiable, but no Content-Range can say so.
      return size == 0 ? .whole : .part(size - min(count, size)..<size)
    case (.at(let first), .absent):
      return first < size ? .part(first..<size) : .unsatisfiable
    case (.at(let first), .at(let last)):
      guard first <= last else { return .whole }
      guard first < size else { return .unsatisfiable }
      return .part(first..<(min(last, size - 1) + 1))
    }
  }
}

/// The bytes without the spaces and tabs around them.
func trimmed(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  var rest = bytes
  while let byte = rest.first, isSpace(byte) { rest.removeFirst() }
  while let byte = rest.last, isSpace(byte) { rest.removeLast() }
  return rest
}
