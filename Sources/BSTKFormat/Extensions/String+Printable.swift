extension String {
  /// Whether the text has no control characters (U+0000–U+001F, U+007F–U+009F), so that printing it
  /// cannot steer a terminal; line feeds are allowed on request.
  func isPrintable(lineBreaks: Bool) -> Bool {
    unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0x0A: lineBreaks
      case 0...0x1F, 0x7F...0x9F: false
      default: true
      }
    }
  }
}
