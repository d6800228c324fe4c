extension String {
  /// The text without characters that a terminal would obey: names come from networks, files and
  /// command lines of other people.
  var printable: String {
    guard unicodeScalars.contains(where: \.commandsTerminals) else { return self }
    return String(UnicodeScalarView(unicodeScalars.map { $0.commandsTerminals ? "?" : $0 }))
  }
}

extension String {
  /// The text as one word of a command line that may be copied.
  var quotedForShell: String {
    let isPlain =
      !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
          true
        default: "/._-+,:@%".utf8.contains(byte)
        }
      }
    return isPlain ? self : "'\(replacing("'", with: #"'\''"#))'"
  }
}

extension Unicode.Scalar {
  /// Whether this begins an escape sequence, moves the cursor, or reorders what stands around it.
  fileprivate var commandsTerminals: Bool {
    switch value {
    case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
