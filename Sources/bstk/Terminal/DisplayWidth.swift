extension String {
  /// The columns this text takes on a terminal: two for wide East Asian characters and emoji, none
  /// for combining marks.
  var displayWidth: Int {
    reduce(0) { width, character in
      guard let scalar = character.unicodeScalars.first else { return width }
      return width + scalar.displayWidth
    }
  }
}

extension String {
  /// The beginning in at most so many columns, with an ellipsis where something is missing.
  func shortened(to columns: Int) -> String {
    guard displayWidth > columns else { return self }
    var text = self
    while !text.isEmpty, text.displayWidth >= columns { text.removeLast() }
    return columns > 0 ? text + "…" : ""
  }
}

extension Unicode.Scalar {
  /// The columns of a character that begins with this scalar.
  fileprivate var displayWidth: Int {
    switch value {
    case 0x20...0x7E: return 1
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
      0x20000...0x3FFFD:
      return 2
    default: break
    }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .control, .format: return 0
    default: return 1
    }
  }
}
