/// What the server sends, to be bent by a test before it goes out.
public struct FaultResponse: Sendable {
  /// What happens after the body.
  public enum Ending: Sendable {
    /// The connection waits for the next request.
    case keep
    /// The connection is closed.
    case close
    /// The connection is reset.
    case reset
    /// Nothing more is sent until the client or the server gives up.
    case stall
  }

  /// The status code.
  public var status: Int
  /// The headers in order.
  public var headers: [(name: String, value: String)]
  /// The bytes that are sent, whatever the headers say.
  public var body: [UInt8]
  /// What happens after the body.
  public var ending = Ending.keep
  /// Whether anything is sent at all before the ending.
  public var isAnswer = true
  /// Seconds before the first byte.
  public var delay = 0.0
  /// Seconds between pieces of this many bytes.
  public var pace: (byteCount: Int, seconds: Double)?

  /// The correct answer for a file.
  public init(_ request: FaultRequest, file: [UInt8], entityTag: String) {
    headers = [("ETag", entityTag), ("Accept-Ranges", "bytes")]
    guard let range = request.range else {
      status = 200
      body = file
      self["Content-Length"] = "\(body.count)"
      return
    }
    guard range.lowerBound < file.count else {
      status = 416
      body = Array("out of range".utf8)
      self["Content-Range"] = "bytes */\(file.count)"
      self["Content-Length"] = "\(body.count)"
      return
    }
    let part = range.clamped(to: 0..<file.count)
    status = 206
    body = Array(file[part])
    self["Content-Range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.count)"
    self["Content-Length"] = "\(body.count)"
  }

  /// The value of a header; nil removes it.
  public subscript(name: String) -> String? {
    get { headers.first { $0.name == name }?.value }
    set {
      headers.removeAll { $0.name == name }
      if let newValue { headers.append((name, newValue)) }
    }
  }

  /// Promises the whole body but sends only this much of it.
  public mutating func cut(after byteCount: Int, _ ending: Ending = .close) {
    body = Array(body.prefix(byteCount))
    self.ending = ending
  }

  /// Becomes a short page with another status.
  public mutating func become(_ status: Int, _ text: String = "<html>no</html>") {
    self.status = status
    body = Array(text.utf8)
    headers = [("Content-Length", "\(body.count)"), ("Content-Type", "text/html")]
  }

  /// Becomes the whole file, as from a server that knows no ranges.
  public mutating func ignoreRange(_ file: [UInt8]) {
    status = 200
    body = file
    self["Content-Range"] = nil
    self["Accept-Ranges"] = nil
    self["Content-Length"] = "\(file.count)"
  }

  /// Becomes no answer at all: the connection is closed.
  public mutating func becomeNothing() {
    isAnswer = false
    body = []
    ending = .close
  }

  /// Becomes a redirect.
  public mutating func redirect(to location: String, status: Int = 302) {
    become(status, "")
    self["Location"] = location
  }

  var head: [UInt8] {
    var text = "HTTP/1.1 \(status) Status\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    return Array((text + "\r\n").utf8)
  }
}
