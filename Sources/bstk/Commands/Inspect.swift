internal import ArgumentParser

/// Shows what is in a model.
struct Inspect: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show header, tensors, levels, bytes, order, provenance and state of a model.",
    discussion: """
      Only header and index are read. Hashes of the contents are not checked; `bstk verify` does. \
      Exit code 1 means that the file is no usable model, by its index or its length.

      EXAMPLES
        bstk inspect model.bstk
        bstk inspect model.bstk --order
        bstk inspect https://example.org/model.bstk
        bstk inspect model.bstk --json | jq .prefix

      ENVIRONMENT
        BSTK_TOKEN, proxies and certificates as for `bstk fetch`.
      """)

  @Argument(help: "A .bstk file or its http(s) address.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Flag(help: "Also list every chunk in file order.")
  var order = false

  @OptionGroup(title: "Network") var access: AccessOptions

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if SourceAddress.isAddress(model) { try access.validate(for: [model]) }
  }

  func execute() async throws {
    let report = ModelReport(try await NamedModel.open(model, options: access.options))
    if json { try JSONLines.print(report) } else { report.print(withOrder: order) }
    if let error = report.error {
      if !json { error.print(asJSON: false) }
      throw ExitCode(error.status.rawValue)
    }
  }
}
