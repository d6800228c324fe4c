internal import ArgumentParser

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
    do {
      var command = try parseAsRoot()
      guard let command = command as? any BstkCommand else { return try command.run() }
      reportsJSON = command.reportsJSON
      try await command.execute()
    } catch let error where isParserError(error) {
      exit(withError: error)
    } catch {
      let report = ErrorReport(error)
      report.print(asJSON: reportsJSON)
      exit(withError: ExitCode(report.status.rawValue))
    }
  }

  /// Whether the error is ArgumentParser's own: help, version, usage, or a chosen exit code.
  private static func isParserError(_ error: any Error) -> Bool {
    error is ExitCode || error is CleanExit || error is ValidationError
      || exitCode(for: error) == .validationFailure || exitCode(for: error) == .success
  }
}
