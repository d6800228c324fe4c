/// How far a long computation has come, in steps of about equal cost.
public struct WorkProgress: Hashable, Sendable {
  /// Steps done.
  public let completed: Int
  /// Steps in all.
  public let total: Int

  /// Makes a progress report.
  public init(completed: Int, total: Int) {
    self.completed = completed
    self.total = total
  }
}
