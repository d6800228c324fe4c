/// Answers one request.
struct Responder {
  let core: ServerCore
  let socket: ConnectionSocket
  /// Whether the connection stays open afterwards.
  let keepsAlive: Bool

  /// What was answered: the status, the body bytes sent, and whether the whole answer went out.
  typealias Outcome = (status: Int, bytesSent: UInt64, isWhole: Bool)

  /// Answers `request` and sends the body it asks for.
  func answer(_ request: HTTPRequest) -> Outcome {
    let isHead = request.method == "HEAD"
    do throws(HTTPFailure) {
      guard isHead || request.method == "GET" else { throw Self.refusal(of: request.method) }
      let path = try RequestPath(target: request.target)
      switch core.files.open(path) {
      case .file(let file): return send(file, for: request)
      case .folder(let folder):
        guard core.listsDirectories else {
          throw HTTPFailure(status: 403, reason: "Folders are not listed here.")
        }
        guard path.asksForFolder || path.names.isEmpty else { return redirect(to: path, isHead) }
        return send(
          200, type: "text/html; charset=utf-8", body: FolderListing(folder).html(for: path),
          withBody: !isHead)
      case .nothing:
        throw HTTPFailure(status: 404, reason: "There is no such file.")
      }
    } catch {
      return refuse(error, withBody: !isHead)
    }
  }

  /// Sends an error with its reason as the body.
  func refuse(_ failure: HTTPFailure, withBody: Bool) -> Outcome {
    let extra = failure.status == 405 ? [("Allow", "GET, HEAD")] : []
    return send(
      failure.status, type: "text/plain; charset=utf-8",
      body: Array("\(failure.status) \(failure.reason)\n".utf8), extra: extra, withBody: withBody)
  }

  // MARK: Files

  private func send(_ file: borrowing ServedFile, for request: HTTPRequest) -> Outcome {
    let now = HTTPDate(seconds: SystemCall.wallSeconds())
    var fields = [
      ("Accept-Ranges", "bytes"), ("ETag", file.validators.tag),
      ("Last-Modified", min(file.validators.modified, now).text),
    ]
    switch file.validators.verdict(for: request.fields, now: now) {
    case .notModified: return send(head: 304, fields)
    case .failed:
      return refuse(
        HTTPFailure(status: 412, reason: "The file is not the one asked for."),
        withBody: request.method == "GET")
    case .proceed: break
    }
    var status = 200
    var range: Range<UInt64> = 0..<file.size
    // Only GET has ranges (RFC 9110 section 14.2).
    if request.method == "GET",
      file.validators.allowRange(request.fields["if-range"], now: now)
    {
      switch RangeOutcome(field: request.fields["range"], size: file.size) {
      case .whole: break
      case .part(let part):
        status = 206
        range = part
        fields.append(
          ("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)"))
      case .unsatisfiable:
        fields.append(("Content-Range", "bytes */\(file.size)"))
        return send(
          416, type: "text/plain; charset=utf-8",
          body: Array("416 The file has \(file.size) bytes.\n".utf8), extra: fields, withBody: true)
      }
    }
    fields.append(("Content-Type", "application/octet-stream"))
    fields.append(("Content-Length", String(range.count)))
    let hasBody = request.method == "GET" && !range.isEmpty
    guard sendHead(status, fields, hasMore: hasBody) else { return (status, 0, false) }
    guard hasBody else { return (status, 0, true) }
    let sent = socket.send(file: file.descriptor, range)
    return (status, sent, sent == UInt64(range.count))
  }

  // MARK: Small answers

  private func redirect(to path: RequestPath, _ isHead: Bool) -> Outcome {
    let target = "/" + path.names.map { RequestPath.encoded($0) + "/" }.joined()
    return send(
      301, type: "text/plain; charset=utf-8", body: Array("301 \(target)\n".utf8),
      extra: [("Location", target)], withBody: !isHead)
  }

  private func send(
    _ status: Int, type: String, body: [UInt8], extra: [(String, String)] = [], withBody: Bool
  ) -> Outcome {
    let fields = extra + [("Content-Type", type), ("Content-Length", String(body.count))]
    guard withBody else { return send(head: status, fields) }
    guard sendHead(status, fields, hasMore: true) else { return (status, 0, false) }
    let sent = socket.send(body, hasMore: false)
    return (status, UInt64(sent), sent == body.count)
  }

  private func send(head status: Int, _ fields: [(String, String)]) -> Outcome {
    (status, 0, sendHead(status, fields, hasMore: false))
  }

  private func sendHead(_ status: Int, _ fields: [(String, String)], hasMore: Bool) -> Bool {
    var text = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
    text += "Date: \(HTTPDate(seconds: SystemCall.wallSeconds()).text)\r\n"
    text += "Server: bstk\r\nX-Content-Type-Options: nosniff\r\n"
    text += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    let bytes = Array((text + "\r\n").utf8)
    return socket.send(bytes, hasMore: hasMore) == bytes.count
  }

  private static func refusal(of method: String) -> HTTPFailure {
    let known = ["POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
    return known.contains(method)
      ? HTTPFailure(status: 405, reason: "Only GET and HEAD are served.")
      : HTTPFailure(status: 501, reason: "This method is not known here.")
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 412: "Precondition Failed"
    case 414: "URI Too Long"
    case 416: "Range Not Satisfiable"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 505: "HTTP Version Not Supported"
    default: "Unknown"
    }
  }
}
