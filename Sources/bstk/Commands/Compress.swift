internal import ArgumentParser
internal import BSTKCompression
internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKStore

/// Makes a `.bstk` file of a model folder.
struct Compress: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress a Hugging Face folder into one file whose every prefix is a model.",
    discussion: """
      The linear layers of the decoder become blocks of about one bit per weight and level; \
      everything else is stored losslessly. Equal input and options give equal bytes.

      EXAMPLES
        bstk compress ./my-model -o model.bstk
        bstk compress ./my-model -o model.bstk --levels 16 --rank 16
        bstk compress ./my-model -o model.bstk --vectors int8 --threads 4
        bstk compress ./my-model -o model.bstk --calibration train.txt --evaluation test.txt
      """)

  @Argument(
    help: "A folder with config.json and safetensors weights.", completion: .directory)
  var model: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Option(help: "Blocks of every matrix, 1 to 64.")
  var levels = CompressionOptions().levelCount

  @Option(help: "Rank of each block's magnitude, 1 to 1024.")
  var rank = CompressionOptions().rank

  @Option(
    help: "How the magnitude's vectors are stored: fp16, bf16 or int8.",
    completion: .list(VectorType.allCases.map(\.name)),
    transform: { text in
      guard let type = VectorType.allCases.first(where: { $0.name == text }) else {
        throw ValidationError("Vectors are stored as fp16, bf16 or int8.")
      }
      return type
    })
  var vectors = CompressionOptions().vectors

  @Option(help: "Seed of the random start vectors.")
  var seed = CompressionOptions().seed

  @Option(help: "Threads of the numeric library; by default it decides.")
  var threads: Int?

  @OptionGroup(title: "Calibration") var calibration: CalibrationOptions

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  func execute() async throws {
    var options = CompressionOptions()
    options.levelCount = levels
    options.rank = rank
    options.vectors = vectors
    options.seed = seed
    options.threadCount = threads
    options.creator = Bstk.creator
    options.firstLevelGain = calibration.gain ?? 1
    options.looksAhead = calibration.looksAhead
    let folder = try HuggingFaceFolder(path: model)
    let sourceByteCount = folder.tensors.reduce(0) { $0 + $1.byteCount }
    let cancellation = Cancellation()
    let bar = StepBar(json ? .silent : .automatic)
    defer { bar.finish() }
    let result = try compress(folder, options, cancellation, bar)
    bar.finish()
    let report = CompressReport(
      file: output, sourceByteCount: UInt64(sourceByteCount), result: result)
    if json { try JSONLines.print(report) } else { Console.out(report.text) }
  }

  private func compress(
    _ folder: HuggingFaceFolder, _ options: CompressionOptions, _ cancellation: Cancellation,
    _ bar: StepBar
  ) throws -> CompressionResult {
    guard let text = calibration.calibration else {
      return try Compressor(options: options).compress(
        folder, to: output, isCancelled: { cancellation.isRequested },
        progress: { CompressReport.update(bar, .compressing($0)) })
    }
    let compression = try CalibratedCompression(
      folder, options: calibration.options(options))
    let language = try LanguageModel(.folder(folder))
    return try compression.run(
      language.tokens(ofTextFile: text),
      statistics: calibration.statistics.map {
        try InputStatistics(
          CalibrationStatistics(path: $0, configuration: language.configuration))
      },
      evaluation: calibration.evaluation.map { try language.tokens(ofTextFile: $0) },
      to: output, isCancelled: { cancellation.isRequested },
      progress: { CompressReport.update(bar, $0) })
  }
}
