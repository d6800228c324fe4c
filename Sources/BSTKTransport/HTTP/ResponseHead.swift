/// Status and headers of one response, gathered line by line. A new status line starts over: that
/// is how interim responses come before the final one.
struct ResponseHead {
  private(set) var status = 0
  private(set) var contentRange: ContentRange?
  /// A Content-Range header that was there and made no sense, or was there twice.
  private(set) var hasBadContentRange = false
  private(set) var contentLength: Int?
  private(set) var entityTag: String?
  private(set) var contentEncoding: String?
  private(set) var contentType = ""
  /// Where a redirect leads, as it was sent.
  private(set) var location: String?
  /// Whether the empty line after the headers has come.
  private(set) var isComplete = false

  /// Takes one header line with its line end.
  mutating func take(_ line: String) {
    if line.hasPrefix("HTTP/") {
      self = ResponseHead()
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      return
    }
    let text = Self.trimmed(line[...])
    if text.isEmpty {
      isComplete = true
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return }
    let value = Self.trimmed(text[text.index(after: colon)...])
    switch text[..<colon].lowercased() {
    case "content-range":
      if contentRange != nil { hasBadContentRange = true }
      contentRange = ContentRange(value)
      if contentRange == nil { hasBadContentRange = true }
    case "content-length": contentLength = ContentRange.number(value)
    case "content-encoding":
      if value.lowercased() != "identity", !value.isEmpty { contentEncoding = String(value) }
    case "content-type": contentType = value.lowercased()
    case "etag": entityTag = String(value)
    case "location": if location == nil { location = String(value) }
    default: break
    }
  }

  /// The entity tag when it is a strong one; weak tags say nothing about bytes.
  var strongEntityTag: String? {
    guard let entityTag, entityTag.hasPrefix("\""), entityTag.count >= 2 else { return nil }
    return entityTag
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    // A line end of two characters is one grapheme, so look at scalars.
    while let last = text.unicodeScalars.last, " \t\r\n".unicodeScalars.contains(last) {
      text.unicodeScalars.removeLast()
    }
    while let first = text.unicodeScalars.first, " \t".unicodeScalars.contains(first) {
      text.unicodeScalars.removeFirst()
    }
    return text
  }
}
