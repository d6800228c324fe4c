import BSTKFormat

/// Decides, before a byte of a body is used, whether a response is the one that was asked for.
struct ResponseGate {
  enum Verdict {
    /// The body holds these bytes of the file.
    case accept(Range<Int>)
    /// The body is of no use.
    case refuse(TransferFailure)
  }

  /// The bytes asked for; nil when no range was asked for.
  let asked: Range<Int>?
  /// The lengths of the file that are no sign of a change.
  let totals: ClosedRange<Int>
  /// The strong entity tag this source gave before.
  let pinnedTag: String?
  /// Whether the address is the target of a redirect.
  let isRedirected: Bool
  /// The address, for messages.
  let address: String

  func judge(_ head: ResponseHead) -> Verdict {
    if let refusal = refusalByStatus(head) { return .refuse(refusal) }
    if let encoding = head.contentEncoding {
      return refuse(
        .violation, .contentEncoding, "\(address) sent Content-Encoding: \(Self.shown(encoding))",
        remedy: "the server or a proxy compresses although that was declined; ask its owner")
    }
    if head.contentType.hasPrefix("multipart/byteranges") {
      return refuse(.violation, .rangeMismatch, "\(address) answered one range with several parts")
    }
    if head.hasBadContentRange {
      return refuse(.violation, .rangeMismatch, "\(address) sent a malformed Content-Range")
    }
    if let pinnedTag, let tag = head.strongEntityTag, tag != pinnedTag {
      return refuse(
        .suspicious, .remoteChanged, "\(address) now has the entity tag \(Self.shown(tag))")
    }
    if let total = head.contentRange?.total ?? (head.status == 200 ? head.contentLength : nil),
      !totals.contains(total), head.status == 206 || head.contentRange == nil
    {
      return refuse(
        .suspicious, .remoteChanged,
        "\(address) now has \(total) bytes"
          + (totals.lowerBound == totals.upperBound ? " instead of \(totals.lowerBound)" : ""))
    }
    let isPart = head.status == 206 || head.contentRange?.range != nil
    return isPart ? judgePart(head) : judgeWhole(head)
  }

  /// A 206, or a 200 that names the range it carries.
  private func judgePart(_ head: ResponseHead) -> Verdict {
    guard let range = head.contentRange?.range else {
      return refuse(.violation, .rangeMismatch, "\(address) sent a part without Content-Range")
    }
    guard let asked, range.lowerBound == asked.lowerBound, range.upperBound <= asked.upperBound
    else {
      return refuse(
        .violation, .rangeMismatch,
        "\(address) sent bytes \(range.lowerBound)-\(range.upperBound - 1)"
          + (asked.map { " instead of \($0.lowerBound)-\($0.upperBound - 1)" } ?? " unasked"))
    }
    return .accept(range)
  }

  /// A 200 with the whole file: as good as a part when the part begins with the file.
  private func judgeWhole(_ head: ResponseHead) -> Verdict {
    if let asked, asked.lowerBound > 0 {
      return refuse(
        .rangeIgnored, .rangeMismatch, "\(address) sent the whole file instead of a range")
    }
    return .accept(0..<(head.contentLength ?? 1 << 53))
  }

  private func refusalByStatus(_ head: ResponseHead) -> TransferFailure? {
    let words = "\(address) answered \(head.status)"
    switch head.status {
    case 200, 206: return nil
    case 300..<400: return TransferFailure(.redirected, .redirect, words)
    case 401, 403, 407:
      return TransferFailure(
        isRedirected && head.status != 407 ? .expired : .final, .httpAuthorization, words,
        remedy: "check the credentials and that you may read the file")
    case 404, 410:
      return TransferFailure(
        isRedirected ? .expired : .final, .remoteMissing, words, remedy: "check the address")
    case 412: return TransferFailure(.suspicious, .remoteChanged, words)
    case 416:
      let total = head.contentRange?.total
      return TransferFailure(
        .final, .remoteTruncated,
        words + (total.map { ": its file has \($0) bytes" } ?? ""),
        remedy: "the publisher's file is shorter than the model; ask for less, or tell them")
    case 408, 429, 503:
      return TransferFailure(
        .throttled, .throttled, words, remedy: "wait, and run the same command again; it continues")
    case 500...:
      return TransferFailure(
        .server, .httpStatus, words, remedy: "run the same command again later; it continues")
    default:
      return TransferFailure(
        .final, .httpStatus, words, remedy: "check the address, or ask the server's owner")
    }
  }

  /// A server's words, as far as they may stand in a message: short, and nothing that a terminal obeys.
  private static func shown(_ value: String) -> String {
    let scalars = value.unicodeScalars.prefix(64).map {
      (0x20...0x7E).contains($0.value) ? $0 : "?"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private func refuse(
    _ kind: TransferFailure.Kind, _ code: BSTKError.Code, _ message: String, remedy: String? = nil
  ) -> Verdict {
    .refuse(TransferFailure(kind, code, message, remedy: remedy))
  }
}
