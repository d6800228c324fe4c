internal import BSTKInference
internal import BSTKModelFiles
internal import ArgumentParser
internal import BSTKFormat
internal import BSTKCompression
internal import BSTKStore

/// Makes a `.bstk` file of a model folder.
struct Compress: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress a model into one file whose every prefix is a smaller model.",
    discussion: """
      The weight matrices become planes of bits, about one bit per weight and level, the most \
      valuable ones first; everything else is stored losslessly. What each bit is worth is learnt \
      from a text: give one. Equal input and options give equal bytes.

      A GGUF file is decoded first; it should have as many bits as you can get of it, F16, BF16 or \
      Q8_0. Its tokenizer is taken over.

      EXAMPLES
        bstk compress ./my-model -o model.bstk --calibration train.txt
        bstk compress ./my-model -o m.bstk --calibration a.txt --evaluation b.txt
        bstk compress model.gguf -o model.bstk --calibration train.txt
        bstk compress ./my-model -o m.bstk --statistics s.safetensors --levels 8
        bstk compress ./my-model -o m.bstk --profile reference --rank 16
      """)

  @Argument(
    help: "A folder with config.json and safetensors weights, or a GGUF file.",
    completion: .file())
  var model: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Option(
    help: """
      Blocks of every matrix: 1 to 8 planes, or 1 to 64 of the reference profile. \
      (default: \(NestedCompressionOptions().planeCount), or \(CompressionOptions().levelCount))
      """)
  var levels: Int?

  @OptionGroup(title: "Reference profile") var reference: ReferenceOptions

  @Option(help: "Threads of the numeric library; by default it decides.")
  var threads: Int?

  @OptionGroup(title: "Calibration") var calibration: CalibrationOptions

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if calibration.profile == .best { try reference.requireUnused() }
  }

  func execute() async throws {
    let folder = try ModelSources.open(model)
    let sourceByteCount = folder.tensors.reduce(0) { $0 + $1.byteCount }
    let cancellation = Cancellation()
    let bar = StepBar(json ? .silent : .automatic)
    defer { bar.finish() }
    let result =
      switch calibration.profile {
      case .best: try compressToPlanes(folder, cancellation, bar)
      case .reference: try compressToSignBlocks(folder, cancellation, bar)
      }
    bar.finish()
    let report = CompressReport(
      file: output, sourceByteCount: UInt64(sourceByteCount), result: result)
    if json { try JSONLines.print(report) } else { Console.out(report.text) }
  }

  // MARK: Best profile

  private func compressToPlanes(
    _ folder: any ModelSource, _ cancellation: Cancellation, _ bar: StepBar
  ) throws -> CompressionResult {
    var options = NestedCompressionOptions()
    options.planeCount = levels ?? options.planeCount
    options.threadCount = threads
    options.creator = Bstk.creator
    options.evaluationLabel = calibration.evaluationLabel(options.evaluation)
    var profile = BestProfile(folder: folder, options: options, cancellation: cancellation)
    profile.gathering.windowCount =
      calibration.calibrationWindows ?? profile.gathering.windowCount
    profile.gathering.windowLength = calibration.calibrationWindow
    let knowledge = calibration.knowledge
    if case .none = knowledge, !json {
      Console.say(
        "note: without --calibration every weight counts alike, and the file is much worse than it"
          + " could be")
    }
    return try profile.run(
      to: output, knowing: knowledge, evaluation: calibration.evaluation,
      progress: { CompressReport.update(bar, $0) })
  }

  // MARK: Reference profile

  private func compressToSignBlocks(
    _ folder: any ModelSource, _ cancellation: Cancellation, _ bar: StepBar
  ) throws -> CompressionResult {
    var options = reference.options
    options.levelCount = levels ?? options.levelCount
    options.threadCount = threads
    options.creator = Bstk.creator
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
