import BSTKTestSupport

/// What is odd about a server that a random test makes up.
enum Oddity: CaseIterable, Sendable {
  case noRanges, sometimesNoRanges, noLength, shortParts, otherTotals, changingTags,
    sometimesEncoded
  case busy, busyForWhile, closing, cutting, stalling, silent, slow, late
  case damagedByte, sometimesDamaged, stranger, onePart, beyondEnd, missing, soonMissing
  case expiring, elsewhere

  /// What a source may be and the fetch must succeed with it alone.
  static let bearable: [[Oddity]] = [
    [], [.noRanges], [.changingTags], [.late], [.slow], [.expiring], [.elsewhere], [.shortParts],
    [.cutting], [.noRanges, .noLength], [.noRanges, .late], [.noRanges, .slow],
  ]

  /// Bends the answer to one request.
  ///
  /// - Parameters:
  ///   - dice: Seeded by the server and the number of the request.
  ///   - damage: Where in the file a byte is always wrong.
  func bend(
    _ request: FaultRequest, _ response: inout FaultResponse, of file: [UInt8],
    instead stranger: [UInt8], damage: Int, dice: inout SeededGenerator
  ) {
    func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &dice) == 0 }
    switch self {
    case .noRanges: response.ignoreRange(file)
    case .sometimesNoRanges: if once(in: 6) { response.ignoreRange(file) }
    case .noLength:
      guard response.status == 200 else { return }
      response["Content-Length"] = nil
      response.ending = .close
    case .shortParts: shorten(request, &response, file.count, &dice)
    case .otherTotals:
      guard let range = request.range, response.status == 206 else { return }
      let last = range.lowerBound + response.body.count - 1
      let total = file.count - (once(in: 2) ? 1 : 0)
      response["Content-Range"] = "bytes \(range.lowerBound)-\(last)/\(total)"
    case .changingTags: response["ETag"] = "\"\(Int.random(in: 0..<3, using: &dice))\""
    case .sometimesEncoded: if once(in: 6) { response["Content-Encoding"] = "gzip" }
    case .busy: if once(in: 3) { response.become(503) }
    case .busyForWhile:
      guard once(in: 4) else { return }
      response.become(503)
      response["Retry-After"] = "1"
    case .closing: if once(in: 3) { response.becomeNothing() }
    case .cutting:
      guard once(in: 3), !response.body.isEmpty else { return }
      response.cut(
        after: Int.random(in: 0..<response.body.count, using: &dice), once(in: 2) ? .close : .reset)
    case .stalling: if once(in: 8) { response.cut(after: response.body.count / 3, .stall) }
    case .silent: response.cut(after: 0, .stall)
    case .slow: response.pace = (40_000, 0.005)
    case .late: response.delay = Double.random(in: 0..<0.15, using: &dice)
    case .damagedByte: response.flipBit(at: damage, of: request)
    case .sometimesDamaged:
      guard once(in: 4), !response.body.isEmpty else { return }
      let start = response.status == 200 ? 0 : request.range?.lowerBound ?? 0
      let offset = start + Int.random(in: 0..<response.body.count, using: &dice)
      if offset >= damage / 2 { response.flipBit(at: offset, of: request) }
    case .stranger: response = FaultResponse(request, file: stranger, entityTag: "\"other\"")
    case .onePart:
      response.status = 200
      response.headers = []
      response.cut(after: 300)
    case .beyondEnd:
      guard once(in: 10) else { return }
      response.become(416)
      response["Content-Range"] = "bytes */\(file.count)"
    case .missing: response.become(404)
    case .soonMissing: if request.number > 3 { response.become(404) }
    case .expiring:
      if request.path == "/m.bstk" {
        response.redirect(to: "/signed-\(request.number)")
      } else if request.number % 20 == 0 {
        response.become(403)
      }
    case .elsewhere:
      guard request.path == "/m.bstk",
        let port = request.headers["host"]?.split(separator: ":").last
      else { return }
      response.redirect(to: "http://localhost:\(port)/far.bstk")
    }
  }

  /// Less than was asked for, and honest about it.
  private func shorten(
    _ request: FaultRequest, _ response: inout FaultResponse, _ total: Int,
    _ dice: inout SeededGenerator
  ) {
    guard response.status == 206, let range = request.range, response.body.count > 5000 else {
      return
    }
    response.body = Array(
      response.body.prefix(Int.random(in: 5000...response.body.count, using: &dice)))
    response["Content-Length"] = "\(response.body.count)"
    let end = range.lowerBound + response.body.count
    let length = Bool.random(using: &dice) ? "*" : "\(total)"
    response["Content-Range"] = "bytes \(range.lowerBound)-\(end - 1)/\(length)"
  }
}
