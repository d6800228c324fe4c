internal import BSTKInference
public import ArgumentParser
internal import BSTKFormat
internal import BSTKCompression
internal import BSTKStore

/// What a calibration text is used for.
struct CalibrationOptions: ParsableArguments {
  /// A set of choices that belong together.
  enum Profile: String, ExpressibleByArgument, CaseIterable {
    /// Nested planes: the best at every size.
    case best
    /// Sign blocks, as the BitStack paper and its code make them.
    case reference
  }

  @Option(
    help: """
      A UTF-8 text to calibrate on, like what the model will read. Without one, or statistics, the \
      file is much worse.
      """,
    completion: .file())
  var calibration: String?

  @Option(
    help: "Statistics from `bstk calibrate`, instead of gathering them from a text.",
    completion: .file())
  var statistics: String?

  @Option(
    help: """
      Windows of the calibration text. (default: \(StatisticsGatherer.Options().windowCount), or \
      \(Calibrator.Options().windowCount) of the reference profile)
      """)
  var calibrationWindows: Int?

  @Option(help: "Tokens of a calibration window.")
  var calibrationWindow = Calibrator.Options().windowLength

  @Option(help: "best, or reference to compare with the published method.")
  var profile = Profile.best

  @Option(
    help: """
      Of the reference profile: worth, or reference for the published sweep, which is far slower. \
      (default: worth)
      """)
  var order: CalibratedCompression.Order?

  @Option(
    help: "A UTF-8 text on which quality is measured at cut points, for the index.",
    completion: .file())
  var evaluation: String?

  mutating func validate() throws {
    switch profile {
    case .best:
      if order != nil { throw ValidationError("--order belongs to --profile reference.") }
    case .reference:
      if calibration == nil, statistics != nil || evaluation != nil || order != nil {
        throw ValidationError("--statistics, --evaluation and --order need --calibration.")
      }
    }
    if let calibrationWindows, calibrationWindows < 1 {
      throw ValidationError("--calibration-windows must be positive.")
    }
    if calibrationWindow < 2 { throw ValidationError("--calibration-window must be at least 2.") }
  }

  /// What a compression to planes may know of the model.
  var knowledge: BestProfile.Knowledge {
    if let statistics {
      .statistics(statistics)
    } else if let calibration {
      .text(calibration)
    } else {
      .none
    }
  }

  /// The options of a calibrated compression to sign blocks.
  func options(_ compression: CompressionOptions) -> CalibratedCompression.Options {
    var options = CalibratedCompression.Options()
    options.compression = compression
    options.order = order ?? .worth
    options.calibration.windowCount = calibrationWindows ?? options.calibration.windowCount
    options.calibration.windowLength = calibrationWindow
    options.evaluationLabel = evaluationLabel(options.evaluation)
    return options
  }

  /// What the text for measuring quality is called in the file.
  func evaluationLabel(_ evaluation: EvaluationProtocol) -> String {
    guard let path = self.evaluation else { return "" }
    return "\(Self.label(FileSystem.name(of: path))), windows of \(evaluation.windowLength)"
  }

  /// A file's name as an index can hold it: names may have line breaks and 255 bytes.
  static func label(_ name: String) -> String {
    var label = ""
    for character in name {
      let isControl = character.unicodeScalars.contains {
        $0.properties.generalCategory == .control
      }
      let next = label + (isControl ? " " : String(character))
      guard next.utf8.count <= 128 else { break }
      label = next
    }
    return label
  }
}

extension CalibratedCompression.Order: ExpressibleByArgument {}
