extension CalibrationStatistics {
  /// How statistics were gathered.
  public struct Summary: Hashable, Sendable {
    /// Windows of the text that were read.
    public var windowCount: Int
    /// Tokens of each.
    public var windowLength: Int
    /// Windows through which gradients were taken.
    public var gradientWindowCount: Int
    /// The seed of the labels.
    public var seed: UInt64
    /// Whether tokens count in second moments by their squared gradients (arXiv 2505.07004).
    public var weighsTokens: Bool
  }
}

extension CalibrationStatistics.Summary {
  private static let key = "bstk_statistics"
  private static let version = "2"

  /// Reads what ``metadata`` gives; nil where it is not that.
  init?(metadata: [String: String]) {
    var fields: [String: String] = [:]
    for field in (metadata[Self.key] ?? "").split(separator: " ") {
      let parts = field.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2,
        fields.updateValue(String(parts[1]), forKey: String(parts[0])) == nil
      else {
        return nil
      }
    }
    func positive(_ name: String) -> Int? {
      guard let text = fields[name], let number = Int(text), number > 0 else { return nil }
      return number
    }
    guard fields["version"] == Self.version, let windows = positive("windows"),
      let length = positive("length"), let gradients = positive("gradient_windows"),
      gradients <= windows, let seed = UInt64(fields["seed"] ?? ""),
      let weighs = fields["weighs_tokens"], weighs == "0" || weighs == "1"
    else { return nil }
    self.init(
      windowCount: windows, windowLength: length, gradientWindowCount: gradients, seed: seed,
      weighsTokens: weighs == "1")
  }

  /// The metadata of the file.
  var metadata: [String: String] {
    [
      Self.key:
        "version=\(Self.version) windows=\(windowCount) length=\(windowLength)"
        + " gradient_windows=\(gradientWindowCount) seed=\(seed)"
        + " weighs_tokens=\(weighsTokens ? 1 : 0)"
    ]
  }
}
