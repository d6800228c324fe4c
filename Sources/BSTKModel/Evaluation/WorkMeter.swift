/// Counts the steps of a long computation.
struct WorkMeter {
  /// Steps in all.
  let total: Int
  private var completed = 0

  init(total: Int) { self.total = total }

  /// Takes note of more steps and says how far that is.
  mutating func advance(by steps: Int) -> WorkProgress {
    completed += steps
    return WorkProgress(completed: completed, total: total)
  }
}
