/// How much had come when, for a while back, and so the rate of late: a rate since the beginning
/// would still tell of a good start long after losses have brought a connection down.
struct RateMeter {
  private var looks: [(time: Double, byteCount: Int)]

  /// Nothing had come by `start`, in seconds.
  init(start: Double) { looks = [(start, 0)] }

  /// When somebody looked last.
  var lastLook: Double { looks[looks.count - 1].time }

  /// Remembers how much has come by now; what is needed for the last `span` seconds is kept.
  mutating func look(byteCount: Int, now: Double, span: Double) {
    guard now > lastLook else { return }
    looks.append((now, byteCount))
    while looks.count > 2, looks[1].time <= now - span { looks.removeFirst() }
  }

  /// Bytes a second in the part of a period that is remembered.
  func rate(from start: Double, to end: Double) -> Double {
    let start = max(start, looks[0].time)
    guard end > start else { return 0 }
    return (byteCount(at: end) - byteCount(at: start)) / (end - start)
  }

  /// How much had come at a time, by the looks before and after it.
  private func byteCount(at time: Double) -> Double {
    guard let next = looks.firstIndex(where: { $0.time >= time }) else {
      return Double(looks[looks.count - 1].byteCount)
    }
    let after = looks[next]
    guard next > 0 else { return Double(after.byteCount) }
    let before = looks[next - 1]
    let share = (time - before.time) / (after.time - before.time)
    return Double(before.byteCount) + share * Double(after.byteCount - before.byteCount)
  }
}
