/// Counts the steps of a long computation.
package struct WorkMeter {
  /// Steps in all.
  package let total: Int
  private var completed = 0

  package init(total: Int) { self.total = total }

  /// Takes note of more steps and says how far that is.
  package mutating func advance(by steps: Int) -> WorkProgress {
    completed += steps
    return WorkProgress(completed: completed, total: total)
  }
}
