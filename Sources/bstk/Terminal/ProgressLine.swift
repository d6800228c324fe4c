/// One state of a long operation, as text.
struct ProgressLine {
  /// What is counted.
  enum Unit: Sendable {
    /// Bytes, shown with their rate.
    case bytes
    /// Steps of about equal cost, which mean nothing to people beyond their share.
    case steps
  }

  /// A part of the line that is shown whole or not at all.
  private struct Fact {
    let text: String
    /// The columns it may ever take, so that nothing moves when its figures change.
    let width: Int
    /// The lowest is the last to go when there is little room.
    let rank: Int

    var padded: String {
      String(repeating: " ", count: max(0, width - text.displayWidth)) + text
    }
  }

  /// Seconds without anything new from which that is said, rather than a rate that fades away.
  static let silenceSeconds = 3.0
  private static let leastLabelWidth = 8
  private static let barWidths = 10...32

  let label: String
  let completed: UInt64
  let total: UInt64?
  let perSecond: Double?
  var unit = Unit.bytes
  /// Seconds since something came.
  var silence = 0.0
  /// What else is to be said, the most important first.
  var details: [String] = []
  /// The columns that each of the details may ever take.
  var detailWidths: [Int] = []

  /// The line as part of a log.
  var text: String {
    ([label] + facts.map(\.text).filter { !$0.isEmpty }).joined(separator: "  ")
  }

  /// The line as redrawn on a terminal, at most `width` columns: label, bar and facts. Which of them
  /// are there depends on the width alone and not on their figures.
  func text(width: Int) -> String {
    let facts = facts
    var room = width - min(label.displayWidth, Self.leastLabelWidth)
    var shown: Set<Int> = []
    for fact in facts.sorted(by: { $0.rank < $1.rank }) {
      guard fact.width + 2 <= room else { break }
      room -= fact.width + 2
      shown.insert(fact.rank)
    }
    let label = label.shortened(to: min(width, room + Self.leastLabelWidth))
    room = width - label.displayWidth
    let kept = facts.filter { shown.contains($0.rank) }
    room -= kept.reduce(0) { $0 + $1.width + 2 }
    let parts = [label, bar(width: min(room - 2, Self.barWidths.upperBound))] + kept.map(\.padded)
    return parts.filter { !$0.isEmpty }.joined(separator: "  ")
  }

  /// Percent, bytes, rate, time left and details, in the order of reading.
  private var facts: [Fact] {
    var facts: [Fact] = []
    let isSilent = unit == .bytes && silence >= Self.silenceSeconds && completed != total
    if let total, total > 0 {
      let share = min(1, Double(completed) / Double(total))
      facts.append(Fact(text: "\(Int(share * 100))%", width: 4, rank: 0))
    }
    if unit == .bytes {
      let done = total.map { ByteFormat.part(completed, of: $0) } ?? ByteFormat.decimal(completed)
      let whole = total.map { ByteFormat.part($0, of: $0) } ?? "999.9 MB"
      facts.append(Fact(text: done, width: whole.displayWidth, rank: 2))
      let rate = isSilent || completed == total ? nil : perSecond
      facts.append(
        Fact(
          text: rate.map { "\(ByteFormat.threeDigits(UInt64($0.rounded())))/s" } ?? "",
          width: "9.99 MB/s".count, rank: 3))
    }
    if let total, total > 0 {
      facts.append(
        Fact(
          text: isSilent ? "nothing for \(Int(silence)) s" : timeLeft(of: total),
          width: "nothing for 999 s".count, rank: 1))
    } else if isSilent {
      facts.append(Fact(text: "nothing for \(Int(silence)) s", width: 17, rank: 1))
    }
    // What is not known yet has its room already.
    for index in 0..<max(details.count, detailWidths.count) {
      let detail = index < details.count ? details[index] : ""
      let width = index < detailWidths.count ? detailWidths[index] : 0
      facts.append(
        Fact(text: detail, width: max(width, detail.displayWidth), rank: 4 + index))
    }
    return facts
  }

  private func timeLeft(of total: UInt64) -> String {
    guard let perSecond, perSecond > 0, total > completed else { return "" }
    return ByteFormat.duration(seconds: Double(total - completed) / perSecond) + " left"
  }

  /// The share as a bar with its brackets; empty where there is no room for one.
  private func bar(width: Int) -> String {
    guard let total, total > 0, Self.barWidths.contains(width) else { return "" }
    let columns = width - 2
    let filled = Int(min(1, Double(completed) / Double(total)) * Double(columns))
    let empty = String(repeating: "-", count: columns - filled)
    return "[" + String(repeating: "#", count: filled) + empty + "]"
  }
}
