/// The names on the way from the served folder to what a request asks for.
///
/// Percent-encoding is undone once. Nothing is normalised: a target that would need it is refused,
/// so no spelling of a path can mean anything but the names it shows.
struct RequestPath: Equatable {
  /// Each a name of 1 to 255 bytes without slash, backslash or NUL, not starting with a dot.
  let names: [[UInt8]]
  /// Whether the target ended with a slash, as a folder's does.
  let asksForFolder: Bool

  /// Reads a request target: a path, or a URL with the `http` scheme (RFC 9112 section 3.2).
  ///
  /// - Throws: ``HTTPFailure`` with 400 for a target that is malformed or tries to leave the folder,
  ///   404 for hidden names.
  init(target: String) throws(HTTPFailure) {
    var path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    if path.first != UInt8(ascii: "/") {
      let scheme = "http://"
      guard String(Substring(path.prefix(scheme.utf8.count))).lowercased() == scheme else {
        throw HTTPFailure(status: 400, reason: "The request target is no path.")
      }
      path = path.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") }
    }
    var parts = path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    asksForFolder = parts.last?.isEmpty ?? true
    if asksForFolder { parts = parts.dropLast() }
    var names: [[UInt8]] = []
    for part in parts { names.append(try Self.name(part)) }
    self.names = names
  }

  private static func name(_ part: Substring.UTF8View) throws(HTTPFailure) -> [UInt8] {
    guard let name = decoded(part) else {
      throw HTTPFailure(status: 400, reason: "The path is not percent-encoded correctly.")
    }
    guard !name.isEmpty, name != [0x2E], name != [0x2E, 0x2E],
      !name.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") })
    else { throw HTTPFailure(status: 400, reason: "The path holds a name that is refused.") }
    guard name.first != UInt8(ascii: "."), name.count <= 255 else {
      throw HTTPFailure(status: 404, reason: "There is no such file.")
    }
    return name
  }

  private static func decoded(_ part: Substring.UTF8View) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = part
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit),
        let low = rest.popFirst().flatMap(hexDigit)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// The bytes of a name as a URL writes them.
  static func encoded(_ name: [UInt8]) -> String {
    var text = ""
    for byte in name {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return text
  }
}
