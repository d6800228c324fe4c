internal import BSTKCompression
internal import BSTKModelFiles
public import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Writes a model folder or a GGUF file of a `.bstk` file.
struct Export: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model back as a Hugging Face folder, or as GGUF for llama.cpp.",
    discussion: """
      Each matrix is the sum of the levels that are there. Tensors keep the type they had \
      before compression unless --dtype says otherwise. A budget exports a smaller cut.

      transformers loads the folder unchanged. With --gguf it is one file for llama.cpp and what \
      is built on it; norms and biases are fp32 there, a matrix whose rows are no multiple of 32 \
      is fp16 instead of quantized, and in q4_0 files the output head has 8 bits.

      EXAMPLES
        bstk export model.bstk -o ./model
        bstk export model.bstk -o ./model --dtype fp32
        bstk export model.bstk -o ./small --mb 500
        bstk export model.bstk -o small.gguf --gguf --type q8_0 --mb 500
      """)

  /// Types by the names that command lines use.
  private static let types: [String: ElementType] = ["fp32": .f32, "fp16": .f16, "bf16": .bf16]

  @Argument(help: "A .bstk file.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Option(name: .shortAndLong, help: "The folder or file to make.", completion: .file())
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

  @Flag(help: "Write a GGUF file.")
  var gguf = false

  @Option(help: "The type of a GGUF file's matrices. (default: f16)")
  var type: GGUFExportOptions.ElementType?

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @Flag(help: "Replace a model folder or GGUF file that is already there.")
  var force = false

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if gguf, dtype != nil {
      throw ValidationError("--dtype is for folders; GGUF files have --type.")
    }
    if !gguf, type != nil { throw ValidationError("--type is for GGUF files: add --gguf.") }
  }

  func execute() async throws {
    let file = try ModelFile(model)
    try file.requireUsable()
    let cut = try file.cut(within: budget.budgetNow())
    let weights = try BSTKWeights(file, chunkCount: cut.chunkCount)
    let cancellation = Cancellation()
    let bar = ProgressBar(FileSystem.name(of: output), total: nil)
    defer { bar.finish() }
    var byteCount = 0
    func show(_ event: ExportProgress) {
      byteCount = event.totalByteCount
      bar.update(
        completed: UInt64(event.doneByteCount),
        details: ["tensor \(event.index + 1) of \(event.count)"])
    }
    var unquantized: [String]?
    if gguf {
      let result = try GGUFExporter(options: ggufOptions).export(
        weights, to: output, isCancelled: { cancellation.isRequested }, progress: show)
      byteCount = result.tensorByteCount
      unquantized = result.unquantized
    } else {
      var options = ExportOptions()
      options.elementType = dtype
      options.replacesExisting = force
      try Exporter(options: options).export(
        weights, to: output, isCancelled: { cancellation.isRequested }, progress: show)
    }
    bar.finish()
    let report = ExportReport(
      folder: gguf ? nil : output, file: gguf ? output : nil, tensorBytes: UInt64(byteCount),
      blocks: cut.blockCount,
      blocksTotal: file.manifest.blockCount, fileBytes: cut.fileByteCount,
      unquantized: unquantized)
    if json { try JSONLines.print(report) } else { Console.out(report.text) }
  }

  private var ggufOptions: GGUFExportOptions {
    var options = GGUFExportOptions()
    options.elementType = type ?? .f16
    options.replacesExisting = force
    let name = FileSystem.name(of: output)
    options.name = name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
    return options
  }
}

extension GGUFExportOptions.ElementType: ExpressibleByArgument {}
