/// The unit, a power of 1000, and the decimals in which a byte count has three digits.
struct ByteScale {
  let unitName: String
  private let unit: Double
  private let decimals: Int

  init(_ byteCount: UInt64) {
    var names = ["B", "kB", "MB", "GB", "TB", "PB", "EB"][...]
    var unit = 1.0
    while Double(byteCount) / unit >= 999.5, names.count > 1 {
      names.removeFirst()
      unit *= 1_000
    }
    self.unit = unit
    unitName = names.first ?? ""
    let value = Double(byteCount) / unit
    decimals = unit == 1 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  }

  /// A count in this unit, without the unit.
  func number(_ byteCount: UInt64) -> String {
    ByteFormat.fixed(Double(byteCount) / unit, decimals: decimals)
  }
}
