internal import ArgumentParser

/// A subcommand: parse, call, print.
///
/// ``execute()`` runs on the main actor, away from the threads that tasks share, so it may block.
protocol BstkCommand: ParsableCommand {
  /// Does the work. Throws what ``ErrorReport`` understands, or `ExitCode` after a report of its own.
  @MainActor func execute() async throws

  /// Whether an error is printed as JSON on standard output.
  var reportsJSON: Bool { get }
}

extension BstkCommand {
  var reportsJSON: Bool { false }
}
