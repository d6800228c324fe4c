import BSTKFormat

/// Whether what a caller wants to send can be sent: libcurl passes on any line break, and what comes
/// after it would be a header, or a request, of its own.
enum RequestHeaders {
  /// Checks headers and token.
  ///
  /// - Throws: `REQUEST_HEADER`; the message names the header and never says its value.
  static func check(_ options: FetchOptions) throws(BSTKError) {
    for line in options.headers {
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), isToken(line.utf8[..<colon])
      else {
        throw BSTKError(
          .requestHeader, "a request header has no name or one that must not be sent",
          remedy: "write it like Name: value")
      }
      guard line.utf8.allSatisfy(isFieldByte) else {
        throw BSTKError(
          .requestHeader, "the request header \(line.prefix { $0 != ":" }) has control characters")
      }
    }
    let token = options.bearerToken ?? ""
    guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw BSTKError(
        .requestHeader, "the bearer token has characters that no token has",
        remedy: "look for spaces and line breaks in it")
    }
  }

  /// RFC 9110 section 5.6.2.
  private static func isToken(_ bytes: Substring.UTF8View) -> Bool {
    !bytes.isEmpty
      && bytes.allSatisfy {
        switch $0 {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains($0)
        }
      }
  }

  /// RFC 9110 section 5.5.
  private static func isFieldByte(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\t") || byte >= 0x20 && byte != 0x7F
  }
}
