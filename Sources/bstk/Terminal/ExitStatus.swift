/// What the process's exit code says; a usage error is ArgumentParser's 64.
enum ExitStatus: Int32, Sendable {
  /// Done.
  case good = 0
  /// The input is invalid, incomplete, or not what was asked for.
  case invalid = 1
  /// The work could not be done: files, network, memory.
  case failure = 2
}
