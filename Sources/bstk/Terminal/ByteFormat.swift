/// Byte counts for people.
enum ByteFormat {
  /// Both units, such as `900 MB (858.3 MiB)`; below a kilobyte just the bytes.
  static func both(_ byteCount: UInt64) -> String {
    byteCount < 1_000 ? decimal(byteCount) : "\(decimal(byteCount)) (\(binary(byteCount)))"
  }

  /// In powers of 1000, such as `1.25 MB`.
  static func decimal(_ byteCount: UInt64) -> String {
    text(byteCount, base: 1_000, names: ["B", "kB", "MB", "GB", "TB", "PB", "EB"])
  }

  /// In powers of 1024, such as `1.19 MiB`.
  static func binary(_ byteCount: UInt64) -> String {
    text(byteCount, base: 1_024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
  }

  /// In powers of 1000 with three digits, which keeps its columns while it changes: `1.20 MB`.
  static func threeDigits(_ byteCount: UInt64) -> String {
    let scale = ByteScale(byteCount)
    return "\(scale.number(byteCount)) \(scale.unitName)"
  }

  /// A part of a whole, in the unit of the whole: `12 of 900 MB`.
  static func part(_ byteCount: UInt64, of whole: UInt64) -> String {
    let scale = ByteScale(whole)
    return "\(scale.number(byteCount)) of \(scale.number(whole)) \(scale.unitName)"
  }

  /// A count of things by their name in the singular: `1 request`, `2 requests`.
  static func count(_ count: Int, _ thing: String) -> String {
    "\(count) \(thing)\(count == 1 ? "" : "s")"
  }

  /// All digits in groups of three, such as `1,234,567`.
  static func grouped(_ number: some BinaryInteger) -> String {
    let digits = Array(String(number.magnitude))
    let groups = stride(from: digits.count, to: 0, by: -3)
      .map { String(digits[max(0, $0 - 3)..<$0]) }
    return (number < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  /// A time such as `3 s`, `4 min 05 s` or `2 h 10 min`.
  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 360_000 else { return "a long time" }
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3_600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    return "\(whole / 3_600) h \(twoDigits(whole / 60 % 60)) min"
  }

  /// The number with a fixed count of decimals, half away from zero.
  static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(scaled)" }
    let digits = String(scaled % Int(scale))
    let zeros = String(repeating: "0", count: decimals - digits.count)
    return "\(sign)\(scaled / Int(scale)).\(zeros)\(digits)"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// Up to two decimals below 10, one below 1000, in the largest unit that leaves at least 1.
  private static func text(_ byteCount: UInt64, base: UInt64, names: [String]) -> String {
    var unit: UInt64 = 1
    var index = 0
    while byteCount / unit >= base, index < names.count - 1 {
      unit *= base
      index += 1
    }
    guard index > 0 else { return "\(byteCount) \(names[0])" }
    let value = Double(byteCount) / Double(unit)
    var number = fixed(value, decimals: value < 9.995 ? 2 : 1)
    while number.hasSuffix("0") { number.removeLast() }
    if number.hasSuffix(".") { number.removeLast() }
    return "\(number) \(names[index])"
  }
}
