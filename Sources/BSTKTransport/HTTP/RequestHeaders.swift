package import BSTKFormat

/// Whether what a caller wants to send can be sent: libcurl passes on any line break, and what comes
/// after it would be a header, or a request, of its own.
///
/// The errors have the code `REQUEST_HEADER` and never say a value, which may be a secret.
package enum RequestHeaders {
  /// Checks the headers and the token of a request.
  static func check(_ options: FetchOptions) throws(BSTKError) {
    for line in options.headers { try check(header: line) }
    if let token = options.bearerToken { try check(bearerToken: token) }
  }

  /// Checks a header, `Name: value` (RFC 9110 section 5).
  package static func check(header line: String) throws(BSTKError) {
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw BSTKError(
        .requestHeader, "a request header has no name", remedy: "write it like Name: value")
    }
    guard isToken(line.utf8[..<colon]) else {
      throw BSTKError(
        .requestHeader, "the name of a request header has characters that none may have",
        remedy: "use letters, digits and !#$%&'*+-.^_`|~")
    }
    guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
      throw BSTKError(.requestHeader, "a request header has control characters")
    }
  }

  /// Checks a token: one word of ASCII characters.
  package static func check(bearerToken token: String) throws(BSTKError) {
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw BSTKError(
        .requestHeader, "the bearer token is not one word of ASCII characters",
        remedy: "look for spaces and line ends in it")
    }
  }

  /// RFC 9110 section 5.6.2.
  private static func isToken(_ bytes: Substring.UTF8View) -> Bool {
    !bytes.isEmpty
      && bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
