internal import BSTKInference
internal import Synchronization

/// Progress of work that has several steps, each counted in units of its own.
///
/// Each step gets a bar of its own, which the next one replaces.
final class StepBar: Sendable {
  private struct State {
    var label = ""
    var bar: ProgressBar?
  }

  private let mode: ProgressBar.Mode
  private let state = Mutex(State())

  init(_ mode: ProgressBar.Mode) { self.mode = mode }

  /// Takes note of how far the step called `label` has come.
  func update(_ label: String, _ progress: WorkProgress, details: [String] = []) {
    update(
      label, completed: UInt64(progress.completed), total: UInt64(progress.total), unit: .steps,
      details: details)
  }

  /// Takes note of how far the step called `label` has come.
  func update(
    _ label: String, completed: UInt64, total: UInt64, unit: ProgressLine.Unit = .bytes,
    details: [String] = []
  ) {
    let bar = state.withLock { state in
      if state.label == label, let bar = state.bar { return bar }
      state.bar?.finish()
      let bar = ProgressBar(label, total: total, unit: unit, mode: mode)
      state.label = label
      state.bar = bar
      return bar
    }
    bar.update(completed: completed, details: details)
  }

  /// Clears the line.
  func finish() {
    state.withLock { state in
      state.bar?.finish()
      state.bar = nil
      state.label = ""
    }
  }
}
