/// Seconds during which the fetch was really running.
///
/// A stopped process, a sleeping laptop or a disk that holds the network thread up leaves a gap
/// between two looks at the clock; of such a gap only a moment counts, so that no server is taken
/// for stalled just because nobody listened.
struct ActiveClock {
  private(set) var now = 0.0
  private var last = ContinuousClock.now
  private let longestStep = 0.25

  /// Looks at the clock.
  mutating func tick() {
    let current = ContinuousClock.now
    let step = (current - last) / .seconds(1)
    last = current
    now += min(max(step, 0), longestStep)
  }
}
