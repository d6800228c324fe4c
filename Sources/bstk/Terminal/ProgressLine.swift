/// One state of a progress bar, as text.
struct ProgressLine {
  /// What is counted.
  enum Unit: Sendable {
    /// Bytes, shown with their rate.
    case bytes
    /// Steps of about equal cost, which mean nothing to people beyond their share.
    case steps
  }

  let label: String
  let completed: UInt64
  let total: UInt64?
  let perSecond: Double?
  var unit = Unit.bytes
  let suffix: String
  /// Whether the share is drawn as well.
  var isDrawn = true

  /// The line, cut to `width` columns: label, bar, percent, bytes, rate, time left, suffix.
  func text(width: Int) -> String {
    var parts: [String] = []
    if let total, total > 0 {
      let share = min(1, Double(completed) / Double(total))
      parts.append("\(Int(share * 100))%")
    }
    if unit == .bytes {
      let done = ByteFormat.decimal(completed)
      parts.append(total.map { $0 > 0 ? "\(done) of \(ByteFormat.decimal($0))" : done } ?? done)
    }
    if let perSecond {
      if unit == .bytes {
        parts.append("\(ByteFormat.decimal(UInt64(perSecond.rounded())))/s")
      }
      if let total, total > completed, perSecond > 0 {
        parts.append(ByteFormat.duration(seconds: Double(total - completed) / perSecond) + " left")
      }
    }
    if !suffix.isEmpty { parts.append(suffix) }
    let facts = parts.joined(separator: "  ")
    let room = width - label.displayWidth - facts.displayWidth - 6
    let line = "\(label)  \(bar(columns: min(30, room)))\(facts)"
    return line.displayWidth <= width ? line : String(line.prefix(max(0, width)))
  }

  private func bar(columns: Int) -> String {
    guard isDrawn, let total, total > 0, columns >= 8, columns <= 30 else { return "" }
    let filled = Int(min(1, Double(completed) / Double(total)) * Double(columns))
    let empty = String(repeating: "-", count: columns - filled)
    return "[" + String(repeating: "#", count: filled) + empty + "]  "
  }
}
