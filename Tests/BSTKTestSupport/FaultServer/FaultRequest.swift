/// One request as the server read it.
public struct FaultRequest: Sendable {
  /// 1 for the first request the server answered, and so on.
  public let number: Int
  /// The connection it came on, from 1.
  public let connection: Int
  /// The target as it was sent: a path, or a whole address when the server is used as a proxy.
  public let path: String
  /// Values by lower-case name.
  public let headers: [String: String]

  /// Reads the head of a request; nil when it is none.
  init?(number: Int, connection: Int, head: String) {
    let lines = head.split(separator: "\r\n")
    guard let first = lines.first else { return nil }
    let words = first.split(separator: " ")
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers[line[..<colon].lowercased()] = String(value)
    }
    self.number = number
    self.connection = connection
    path = String(words[1])
    self.headers = headers
  }

  /// The range asked for, when it is of the form `bytes=a-b`.
  public var range: Range<Int>? {
    guard let value = headers["range"], value.hasPrefix("bytes=") else { return nil }
    let ends = value.dropFirst(6).split(separator: "-")
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first <= last else {
      return nil
    }
    return first..<(last + 1)
  }
}
