internal import BSTKMemory

extension MemoryAllowance {
  /// What is said where the machine tells nothing.
  static let unknownText = "this machine does not say how much memory is free; nothing is kept back"

  /// What was found, such as `12.3 GB free in this control group, 0.8 GB kept back`.
  var text: String {
    let place =
      switch bound.source {
      case .machine: "on this machine"
      case .controlGroup: "in this control group"
      case .process: "within this process's limit"
      }
    return "\(ByteFormat.decimal(bound.freeByteCount)) free \(place), "
      + "\(ByteFormat.decimal(reserveByteCount)) kept back"
  }
}
