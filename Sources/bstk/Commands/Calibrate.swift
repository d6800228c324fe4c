internal import ArgumentParser
internal import BSTKCompression
internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKStore

/// Gathers input statistics once, to compress with many times.
struct Calibrate: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gather the statistics of every linear layer's input over a text.",
    discussion: """
      The result is a safetensors file: for each layer the L2 norm of each input channel over a \
      window, averaged over windows, and on demand the second moments.

      EXAMPLES
        bstk calibrate ./my-model --text train.txt -o stats.safetensors
        bstk compress ./my-model -o model.bstk --calibration train.txt --statistics \
      stats.safetensors
      """)

  @Argument(
    help: "A folder with config.json and safetensors weights.", completion: .directory)
  var model: String

  @Option(help: "A UTF-8 text file.", completion: .file())
  var text: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Option(help: "Windows of the text, spread evenly over it.")
  var windows = Calibrator.Options().windowCount

  @Option(help: "Tokens of a window.")
  var window = Calibrator.Options().windowLength

  @Flag(help: "Also gather the second moments, which take in x in numbers a layer.")
  var secondMoments = false

  mutating func validate() throws {
    if windows < 1 { throw ValidationError("--windows must be positive.") }
    if window < 2 { throw ValidationError("--window must be at least 2.") }
  }

  func execute() async throws {
    var options = CalibratedCompression.Options()
    options.calibration.windowCount = windows
    options.calibration.windowLength = window
    options.calibration.gathersSecondMoments = secondMoments
    let folder = try HuggingFaceFolder(path: model)
    let compression = try CalibratedCompression(folder, options: options)
    let tokens = try LanguageModel(.folder(folder)).tokens(ofTextFile: text)
    let cancellation = Cancellation()
    let bar = StepBar(.automatic)
    defer { bar.finish() }
    let statistics = try compression.calibrate(
      tokens, isCancelled: { cancellation.isRequested },
      progress: { CompressReport.update(bar, $0) })
    try statistics.write(to: output)
    bar.finish()
    Console.out(
      "\(output.printable): \(statistics.layers.count) layers over \(statistics.windowCount) windows of"
        + " \(statistics.windowLength) tokens")
  }
}
