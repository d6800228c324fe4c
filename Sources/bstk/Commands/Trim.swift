internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Makes a model smaller.
struct Trim: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shrink a model to a budget, in place or into another file.",
    discussion: """
      A model within the budget loses only the bytes behind its last whole chunk. \
      `bstk fetch` grows it again.

      EXAMPLES
        bstk trim model.bstk --mb 500
        bstk trim model.bstk --mb 500 -o small.bstk
      """)

  @Argument(help: "A .bstk file.", completion: .file(extensions: ["bstk"]))
  var model: String

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @Option(
    name: .shortAndLong, help: "Write the smaller model here and leave the other as it is.",
    completion: .file())
  var output: String?

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  func execute() async throws {
    let before = try ModelFile(model)
    let budget = budget.budgetNow()
    let cut =
      if let output {
        try before.copy(within: budget, to: output)
      } else {
        try ModelFile.trim(model, to: budget)
      }
    let report = TrimReport(
      file: output ?? model, bytesBefore: before.byteCount, bytes: cut.fileByteCount,
      blocks: cut.blockCount, blocksTotal: before.manifest.blockCount)
    if json { try JSONLines.print(report) } else { Console.out(report.text) }
  }
}
