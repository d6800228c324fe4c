internal import BSTKInference
internal import BSTKModelFiles
internal import ArgumentParser
internal import BSTKFormat
internal import BSTKCompression
internal import BSTKStore

/// Gathers a model's statistics once, to compress with many times.
struct Calibrate: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gather what a model's matrices see and what matters to it over a text.",
    discussion: """
      The result is a safetensors file: for each input of linear layers its second moments, for \
      each output the mean squared gradient of the loss with labels drawn from the model itself, \
      and the same of the output head and the embedding. Equal input and options give equal \
      bytes, whatever the number of threads.

      While it runs, as many bytes as the hidden states of the windows with gradients have in all \
      layers are needed on disk beside the output.

      EXAMPLES
        bstk calibrate ./my-model --text train.txt -o stats.safetensors
        bstk compress ./my-model -o m.bstk --statistics stats.safetensors
        bstk calibrate model.gguf --text train.txt -o stats.safetensors
      """)

  @Argument(
    help: "A folder with config.json and safetensors weights, or a GGUF file.",
    completion: .file())
  var model: String

  @Option(help: "A UTF-8 text file.", completion: .file())
  var text: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Option(help: "Windows of the text, spread evenly over it.")
  var windows = StatisticsGatherer.Options().windowCount

  @Option(help: "Tokens of a window.")
  var window = StatisticsGatherer.Options().windowLength

  @Option(
    help: """
      Windows of them that gradients are taken through. \
      (default: \(StatisticsGatherer.defaultGradientWindowCount), or all with --weigh-tokens)
      """)
  var gradientWindows: Int?

  @Option(help: "Seed of the labels.")
  var seed = StatisticsGatherer.Options().seed

  @Flag(help: "Let each token count in second moments by its squared gradients.")
  var weighTokens = false

  @Option(help: "Threads; by default the numeric library decides.")
  var threads: Int?

  mutating func validate() throws {
    if windows < 1 { throw ValidationError("--windows must be positive.") }
    if window < 2 { throw ValidationError("--window must be at least 2.") }
    if let gradientWindows, gradientWindows < 1 {
      throw ValidationError("--gradient-windows must be positive.")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be positive.") }
  }

  func execute() async throws {
    var options = StatisticsGatherer.Options()
    options.windowCount = windows
    options.windowLength = window
    options.gradientWindowCount = gradientWindows
    options.seed = seed
    options.weighsTokens = weighTokens
    options.threadCount = threads
    let language = try LanguageModel(.folder(ModelSources.open(model)))
    let tokens = try language.tokens(ofTextFile: text)
    let transformer = try Transformer(
      configuration: language.configuration, weights: language.weights())
    let cancellation = Cancellation()
    let bar = StepBar(.automatic)
    defer { bar.finish() }
    let statistics = try StatisticsGatherer(transformer, options: options).run(
      tokens, to: output
    ) { progress in
      try cancellation.check()
      bar.update("calibrating", progress)
    }
    bar.finish()
    try report(statistics.summary, language.configuration)
  }

  private func report(
    _ summary: CalibrationStatistics.Summary, _ configuration: ModelConfiguration
  ) throws {
    let moments = summary.weighsTokens ? summary.gradientWindowCount : summary.windowCount
    let bytes = try FileHandle(output, .read).byteCount()
    // Four inputs and seven outputs in a layer, and those of the head.
    let (inputs, outputs) = (4 * configuration.layerCount + 1, 7 * configuration.layerCount + 1)
    var facts = Facts()
    facts.add("file", "\(output), \(ByteFormat.both(bytes))")
    facts.add(
      "second moments",
      "of \(inputs) inputs over \(ByteFormat.count(moments, "window")) of"
        + " \(summary.windowLength) tokens\(summary.weighsTokens ? ", tokens weighed" : "")")
    facts.add(
      "sensitivities",
      "of \(outputs) outputs, gradients through"
        + " \(ByteFormat.count(summary.gradientWindowCount, "window")), labels of seed"
        + " \(summary.seed)")
    facts.print()
  }
}
