internal import ArgumentParser
internal import BSTKFormat

/// The `bstk` command.
@main
struct Bstk: ParsableCommand {
  private static let version = "0.1.0"

  /// Name and version, for the provenance of files.
  static let creator = "bstk \(version)"

  static let configuration = CommandConfiguration(
    commandName: "bstk",
    abstract: "Compressed language models, downloadable by the megabyte.",
    discussion: """
      A .bstk file is a model whose every prefix is a smaller model. Publish one file; \
      each client fetches as many megabytes as it can afford, and may grow or shrink later.

      EXAMPLES
        bstk compress ./my-model -o model.bstk
        bstk serve .
        bstk fetch http://127.0.0.1:8000/model.bstk -o small.bstk --mb 900
        bstk export small.bstk -o ./small-model

      EXIT CODES
        0 good, 1 the input is invalid or incomplete, 2 failure, 64 wrong usage
      """,
    version: version,
    subcommands: [
      Calibrate.self,
      Compress.self,
      Demo.self,
      Eval.self,
      Export.self,
      Fetch.self,
      Generate.self,
      Import.self,
      Inspect.self,
      Plan.self,
      Trim.self,
      Verify.self,
      Serve.self,
    ])

  @MainActor
  static func main() async {
    Console.prepare()
    var reportsJSON = false
    var end: (any Error)?
    do {
      var command = try parseAsRoot()
      if let command = command as? any BstkCommand {
        reportsJSON = command.reportsJSON
        try await command.execute()
      } else {
        try command.run()
      }
    } catch let error where exitCode(for: error) == .validationFailure {
      // It repeats what was typed, or pasted.
      for line in fullMessage(for: error).split(separator: "\n") {
        Console.say(String(line).printable)
      }
      end = ExitCode.validationFailure
    } catch let error where isParserError(error) {
      end = error
    } catch {
      let report = ErrorReport(error)
      report.print(asJSON: reportsJSON)
      end = ExitCode(report.status.rawValue)
    }
    if let reason = Console.outputError {
      let error = BSTKError(
        .io, "standard output cannot be written: \(reason)",
        remedy: end == nil ? "everything else was done" : nil)
      ErrorReport(error).print(asJSON: false)
      end = end ?? ExitCode(ExitStatus.failure.rawValue)
    }
    if let end { exit(withError: end) }
  }

  /// Whether the error is ArgumentParser's own: help, version, or a chosen exit code.
  private static func isParserError(_ error: any Error) -> Bool {
    error is ExitCode || error is CleanExit || exitCode(for: error) == .success
  }
}
