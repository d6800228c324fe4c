/// A request's line and fields (RFC 9112 sections 3 and 5).
struct HTTPRequest: Equatable {
  let method: String
  /// As sent: a path with an optional query, or a whole URL.
  let target: String
  /// Whether the peer speaks HTTP/1.1 or a later minor version.
  let isVersion11: Bool
  /// Names in lower case; a name sent several times has its values joined with commas.
  let fields: [String: String]

  /// Whether the connection may carry another request after this one (RFC 9112 section 9.3).
  var keepsAlive: Bool {
    let options = (fields["connection"] ?? "").lowercased()
      .split(separator: ",").map { String(Substring(trimmed($0.utf8))) }
    if options.contains("close") || hasBody { return false }
    return isVersion11 || options.contains("keep-alive")
  }

  /// Whether content follows, which is never read: the connection ends after the answer.
  private var hasBody: Bool {
    fields["transfer-encoding"] != nil || (fields["content-length"].map { $0 != "0" } ?? false)
  }

  /// Reads the bytes up to and without the empty line.
  ///
  /// - Throws: ``HTTPFailure`` with 400, 431, 501 or 505.
  init(head: [UInt8], maximumFields: Int) throws(HTTPFailure) {
    var lines = head.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    for index in lines.indices {
      // A bare line feed, or a carriage return anywhere else, has hidden requests before.
      guard lines[index].last == 0x0D || index == lines.endIndex - 1 else {
        throw HTTPFailure(status: 400, reason: "A line does not end with CR LF.")
      }
      if lines[index].last == 0x0D { lines[index].removeLast() }
      guard !lines[index].contains(0x0D), !lines[index].contains(0) else {
        throw HTTPFailure(status: 400, reason: "A line holds a control character.")
      }
    }
    guard let line = lines.popFirst() else {
      throw HTTPFailure(status: 400, reason: "The request line is missing.")
    }
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(Self.isToken),
      !words[1].isEmpty, words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw HTTPFailure(status: 400, reason: "The request line is malformed.") }
    guard words[2].count == 8, words[2].starts(with: "HTTP/".utf8),
      words[2][words[2].startIndex + 6] == 0x2E
    else { throw HTTPFailure(status: 400, reason: "The HTTP version is malformed.") }
    let version = words[2].suffix(3)
    guard version.first == UInt8(ascii: "1"), let minor = version.last, minor >= 0x30, minor <= 0x39
    else { throw HTTPFailure(status: 505, reason: "Only HTTP/1.0 and HTTP/1.1 are spoken here.") }
    guard lines.count <= maximumFields else {
      throw HTTPFailure(status: 431, reason: "There are more than \(maximumFields) fields.")
    }
    method = String(decoding: words[0], as: UTF8.self)
    target = String(decoding: words[1], as: UTF8.self)
    isVersion11 = minor != UInt8(ascii: "0")
    fields = try Self.fields(lines)
    try checkFraming()
  }

  private static func fields(
    _ lines: ArraySlice<ArraySlice<UInt8>>
  ) throws(HTTPFailure) -> [String: String] {
    var fields: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(isToken)
      else { throw HTTPFailure(status: 400, reason: "A header field is malformed.") }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let text = String(decoding: line[(colon + 1)...], as: UTF8.self)
      let value = String(Substring(trimmed(text[...].utf8)))
      if let earlier = fields[name] {
        guard name != "host", name != "content-length" else {
          throw HTTPFailure(status: 400, reason: "The field \(name) is there twice.")
        }
        fields[name] = "\(earlier), \(value)"
      } else {
        fields[name] = value
      }
    }
    return fields
  }

  /// Refuses what leaves the end of the request in doubt.
  private func checkFraming() throws(HTTPFailure) {
    guard !isVersion11 || fields["host"] != nil else {
      throw HTTPFailure(status: 400, reason: "The field Host is missing.")
    }
    if let length = fields["content-length"] {
      guard !length.isEmpty, length.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
        fields["transfer-encoding"] == nil
      else { throw HTTPFailure(status: 400, reason: "The length of the request is in doubt.") }
    }
    if let coding = fields["transfer-encoding"], coding.lowercased() != "chunked" {
      throw HTTPFailure(status: 501, reason: "This transfer coding is not understood.")
    }
  }

  /// Whether the byte may stand in a method or a field name (RFC 9110 section 5.6.2).
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
