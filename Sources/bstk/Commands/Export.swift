internal import BSTKModelFiles
internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Writes a model folder of a `.bstk` file.
struct Export: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model back as a Hugging Face folder that transformers loads unchanged.",
    discussion: """
      Each matrix is the sum of the levels that are there. Tensors keep the type they had \
      before compression unless --dtype says otherwise. A budget exports a smaller cut.

      EXAMPLES
        bstk export model.bstk -o ./model
        bstk export model.bstk -o ./model --dtype fp32
        bstk export model.bstk -o ./small --mb 500
      """)

  /// Types by the names that command lines use.
  private static let types: [String: ElementType] = ["fp32": .f32, "fp16": .f16, "bf16": .bf16]

  @Argument(help: "A .bstk file.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Option(name: .shortAndLong, help: "The folder to make.", completion: .directory)
  var output: String

  @Option(
    help: "The type of all floating-point tensors: fp32, fp16 or bf16.",
    completion: .list(types.keys.sorted()),
    transform: { text in
      guard let type = types[text] else {
        throw ValidationError("Tensors are exported as fp32, fp16 or bf16.")
      }
      return type
    })
  var dtype: ElementType?

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @Flag(help: "Replace a model folder that is already there.")
  var force = false

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  func execute() async throws {
    let file = try ModelFile(model)
    try file.requireUsable()
    let cut = try file.cut(within: budget.budgetNow())
    let weights = try BSTKWeights(file, chunkCount: cut.chunkCount)
    var options = ExportOptions()
    options.elementType = dtype
    options.replacesExisting = force
    let cancellation = Cancellation()
    let bar = ProgressBar(FileSystem.name(of: output), total: nil)
    defer { bar.finish() }
    var byteCount = 0
    try Exporter(options: options).export(
      weights, to: output, isCancelled: { cancellation.isRequested },
      progress: { event in
        byteCount = event.totalByteCount
        bar.update(
          completed: UInt64(event.doneByteCount),
          details: ["tensor \(event.index + 1) of \(event.count)"])
      })
    bar.finish()
    let report = ExportReport(
      folder: output, tensorBytes: UInt64(byteCount), blocks: cut.blockCount,
      blocksTotal: file.manifest.blockCount, fileBytes: cut.fileByteCount)
    if json { try JSONLines.print(report) } else { Console.out(report.text) }
  }
}
