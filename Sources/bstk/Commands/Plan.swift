internal import ArgumentParser
internal import BSTKMemory

/// Shows what a budget buys.
struct Plan: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a budget buys and what it costs, before anything is downloaded.",
    discussion: """
      Without a budget the whole file is planned. Only header and index are read. --fit plans what \
      `bstk fetch --fit` would fetch on this machine now.

      EXAMPLES
        bstk plan model.bstk --mb 900
        bstk plan https://example.org/model.bstk --mb 900
        bstk plan model.bstk --ram 2GiB
        bstk plan https://example.org/model.bstk --fit
        bstk plan model.bstk --blocks 120 --json

      ENVIRONMENT
        BSTK_TOKEN, proxies and certificates as for `bstk fetch`.
      """)

  @Argument(help: "A .bstk file or its http(s) address.", completion: .file(extensions: ["bstk"]))
  var model: String

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @OptionGroup(title: "Network") var access: AccessOptions

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if SourceAddress.isAddress(model) { try access.validate(for: [model]) }
  }

  func execute() async throws {
    let named = try await NamedModel.open(model, options: access.options)
    if let fault = named.fault { throw fault }
    let memory = budget.isAutomatic ? MemoryAllowance(.now()) : nil
    let report = try PlanReport(named, budget: budget.budget(memory), memory: memory)
    if json { try JSONLines.print(report) } else { report.print(finding: memory?.text) }
  }
}
