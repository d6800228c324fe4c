/// A smoothed rate: recent seconds count more, and a pause shows within a few of them.
struct RateMeter {
  /// Seconds after which a sample has lost half of its weight.
  private static let memory = 3.0

  private var last: (time: Double, completed: UInt64)?
  private var average = 0.0
  private var weight = 0.0

  /// Takes note that `completed` units were done at `time` in seconds; both only grow.
  mutating func add(completed: UInt64, at time: Double) {
    defer { last = (time, completed) }
    guard let last, time > last.time, completed >= last.completed else { return }
    let elapsed = time - last.time
    let keep = Self.memory / (Self.memory + elapsed)
    let rate = Double(completed - last.completed) / elapsed
    average = average * keep + rate * (1 - keep)
    weight = weight * keep + (1 - keep)
  }

  /// Units a second, once there is something to go by.
  var perSecond: Double? { weight > 0 ? average / weight : nil }
}
