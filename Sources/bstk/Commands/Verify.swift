internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Checks a model.
struct Verify: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the state and every hash of a model.",
    discussion: """
      Exit code 0 means that the file is a usable model and every byte of it is as published; \
      1 that it is damaged, too short or too long.

      EXAMPLES
        bstk verify model.bstk
        bstk verify model.bstk --strict
        bstk verify model.bstk --root 5f0c...e1
      """)

  @Argument(help: "A .bstk file.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Flag(help: "Also refuse bytes of an unfinished chunk at the end.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "The root digest the model must have: 64 hexadecimal digits.", valueName: "digest"),
    transform: { text in
      guard let digest = Digest(hex: text) else {
        throw ValidationError("A root digest has 64 hexadecimal digits.")
      }
      return digest
    })
  var root: Digest?

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  func execute() async throws {
    let file = try ModelFile(model, root: root)
    let cancellation = Cancellation()
    let bar = ProgressBar(FileSystem.name(of: model), total: file.byteCount)
    defer { bar.finish() }
    let found = try file.verify { (checked) throws(BSTKError) in
      try cancellation.check()
      bar.update(completed: checked)
    }
    bar.finish()
    let report = VerifyReport(file, found, isStrict: strict)
    if json { try JSONLines.print(report) } else { report.print() }
    if let error = report.error {
      if !json { error.print(asJSON: false) }
      throw ExitCode(error.status.rawValue)
    }
  }
}
