internal import BSTKInference
internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Measures how well a model predicts a text.
struct Eval: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model's perplexity on a text, at one or many budgets.",
    discussion: """
      The text is cut into windows that are read one by one; the first token of a window is not \
      predicted and the rest after the last window is dropped. Several budgets are measured in \
      one pass over the file.

      EXAMPLES
        bstk eval model.bstk --text eval.txt
        bstk eval model.bstk --text eval.txt --mb 0.9,1.2,1.5 --source ./my-model
        bstk eval model.bstk --text eval.txt --points 12 --svg quality.svg
        bstk eval https://example.org/model.bstk --text eval.txt --mb 0.9,1.2
        bstk eval model.gguf --text eval.txt
        bstk eval ./my-model --tokens ids.json --window 2048 --json
      """)

  @Argument(
    help: "A .bstk file, its http(s) address, a Hugging Face folder, or a GGUF file.",
    completion: .file())
  var model: String

  @OptionGroup(title: "Text") var text: TextOptions

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp("Budgets in megabytes or with units, between commas.", valueName: "sizes"),
    transform: Eval.sizes)
  var mb: [ByteSize] = []

  @Option(help: "Measure so many budgets, spread evenly over the file.")
  var points: Int?

  @Option(help: "Also measure this uncompressed folder or GGUF file.", completion: .file())
  var source: String?

  @Option(help: "Write a chart of perplexity against megabytes here.", completion: .file())
  var svg: String?

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if points != nil, !mb.isEmpty { throw ValidationError("Give --mb or --points, not both.") }
    if let points, !(2...1_000).contains(points) {
      throw ValidationError("--points must be between 2 and 1000.")
    }
    let hasOneSize = FileSystem.isFolder(model) || model.hasSuffix(".gguf")
    if hasOneSize, !mb.isEmpty || points != nil {
      throw ValidationError("That model has one size; budgets are for .bstk files.")
    }
    if SourceAddress.isAddress(model) { try network.validate(for: model) }
  }

  private static func sizes(_ text: String) throws -> [ByteSize] {
    try text.split(separator: ",").map { try ByteSize.read(String($0)) }
  }

  func execute() async throws {
    let bar = StepBar(json ? .silent : .automatic)
    defer { bar.finish() }
    let subject = try await LocalModel.open(
      model, budget: Budget(fileByteCount: mb.map(\.byteCount).max()), network: network, bar: bar)
    let tokens = try text.tokens(for: subject)
    let cancellation = Cancellation()
    func progress(_ label: String) -> (WorkProgress) throws -> Void {
      { step in
        try cancellation.check()
        bar.update(label, step)
      }
    }
    var rows: [EvalReport.Row] = []
    if let source {
      let original = try LanguageModel(path: source)
      let value = try Perplexity.measure(
        tokens,
        with: Transformer(configuration: original.configuration, weights: original.weights()),
        protocol: text.evaluation, progress: progress("source"))
      rows.append(EvalReport.Row(name: source, cut: nil, perplexity: value))
    }
    switch subject.origin {
    case .folder(let folder):
      let value = try Perplexity.measure(
        tokens, with: Transformer(configuration: subject.configuration, weights: folder),
        protocol: text.evaluation, progress: progress("eval"))
      rows.append(EvalReport.Row(name: model, cut: nil, perplexity: value))
    case .file(let file):
      let cuts = try cuts(of: file)
      let values = try BudgetSweep(file, configuration: subject.configuration).run(
        tokens, cuts: cuts, protocol: text.evaluation, progress: progress("eval"))
      for (cut, value) in zip(cuts, values) {
        rows.append(EvalReport.Row(name: model, cut: cut, perplexity: value))
      }
    }
    bar.finish()
    let report = EvalReport(
      text: text.name, windowLength: text.evaluation.windowLength, rows: rows)
    if let svg { try PerplexityChart(report).write(to: svg) }
    if json { try JSONLines.print(report) } else { report.print() }
  }

  /// The cuts that were asked for, ascending and each once; the whole file by default.
  private func cuts(of file: ModelFile) throws(BSTKError) -> [Cut] {
    let manifest = file.manifest
    let last = file.chunkCount
    var counts: Set<Int> = []
    if let points {
      let base = manifest.header.baseEnd
      let length = manifest.byteCount(ofChunks: last) - base
      for point in 0..<points {
        let byteCount = base + length / UInt64(points - 1) * UInt64(point)
        counts.insert(manifest.chunkCount(inBytes: point == points - 1 ? base + length : byteCount))
      }
    } else if mb.isEmpty {
      counts.insert(last)
    } else {
      for size in mb {
        let cut = try manifest.cut(within: Budget(fileByteCount: size.byteCount))
        counts.insert(min(cut.chunkCount, last))
      }
    }
    return counts.sorted().map { manifest.cut(afterChunks: $0) }
  }
}
