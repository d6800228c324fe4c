internal import BSTKFormat
internal import Synchronization

/// Ctrl-C as long work sees it: looked at between steps, so that the work can clean up after itself.
///
/// Listens as long as the value lives. A second signal ends the process at once.
final class Cancellation: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let flag: Flag
  private let token: Interruption.Token

  init() {
    let flag = Flag()
    self.flag = flag
    token = Interruption.listen { _ in
      if flag.isSet.exchange(true, ordering: .relaxed) { Interruption.endProcess() }
    }
  }

  /// Whether a signal has come.
  var isRequested: Bool { flag.isSet.load(ordering: .relaxed) }

  /// - Throws: `CANCELLED` after a signal.
  func check() throws(BSTKError) {
    if isRequested { throw BSTKError(.cancelled, "interrupted") }
  }
}
