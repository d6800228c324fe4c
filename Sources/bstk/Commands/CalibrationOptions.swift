public import ArgumentParser
internal import BSTKCompression
internal import BSTKFormat
internal import BSTKInference
internal import BSTKStore

/// What a calibration text is used for.
struct CalibrationOptions: ParsableArguments {
  /// A set of choices that belong together.
  enum Profile: String, ExpressibleByArgument, CaseIterable {
    /// Every layer scaled, first levels that look ahead to second ones.
    case best
    /// As the BitStack paper and its code do it.
    case reference
  }

  @Option(
    help: "A UTF-8 text to calibrate on: scales channels by what they carry, orders by worth.",
    completion: .file())
  var calibration: String?

  @Option(
    help: "Input statistics from `bstk calibrate`, instead of gathering them again.",
    completion: .file())
  var statistics: String?

  @Option(help: "Windows of the calibration text.")
  var calibrationWindows = Calibrator.Options().windowCount

  @Option(help: "Tokens of a calibration window.")
  var calibrationWindow = Calibrator.Options().windowLength

  @Option(help: "best, or reference to compare with the published method.")
  var profile = Profile.best

  @Option(help: "worth, or reference for the published sweep, which is far slower.")
  var order = CalibratedCompression.Order.worth

  @Option(
    help: "A UTF-8 text on which quality is measured at cut points, for the index.",
    completion: .file())
  var evaluation: String?

  @Option(help: "Multiply the first level's magnitude; the profile decides by default.")
  var gain: Float?

  mutating func validate() throws {
    if calibration == nil, statistics != nil || evaluation != nil {
      throw ValidationError("--statistics and --evaluation need --calibration.")
    }
    if calibrationWindows < 1 { throw ValidationError("--calibration-windows must be positive.") }
    if calibrationWindow < 2 { throw ValidationError("--calibration-window must be at least 2.") }
  }

  /// Whether first levels look ahead: not without a calibration, nor with a gain of one's own.
  var looksAhead: Bool { gain == nil && calibration != nil && profile == .best }

  /// The options of a calibrated compression.
  func options(_ compression: CompressionOptions) -> CalibratedCompression.Options {
    var options = CalibratedCompression.Options()
    options.compression = compression
    options.coverage = profile == .reference ? .reference : .all
    options.order = order
    options.calibration.windowCount = calibrationWindows
    options.calibration.windowLength = calibrationWindow
    let protocolName = "windows of \(options.evaluation.windowLength)"
    options.evaluationLabel =
      evaluation.map { "\(Self.label(FileSystem.name(of: $0))), \(protocolName)" } ?? ""
    return options
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
