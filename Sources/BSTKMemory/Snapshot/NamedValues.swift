/// Looks up numbers in the tables of text that the kernel writes.
enum NamedValues {
  /// The number behind `name` in lines such as `MemAvailable:  24168648 kB` or `inactive_file 4096`:
  /// in bytes where the line names kilobytes. Nil when there is none that fits 64 bits.
  static func value(of name: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count >= 2, words[0] == name || words[0] == name + ":" else { continue }
      return bytes(words[1], unit: words.count > 2 ? words[2] : "")
    }
    return nil
  }

  /// The soft limit in a line such as `Max address space  unlimited  unlimited  bytes`; nil when
  /// there is none.
  static func softLimit(_ name: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + " ") {
      return line.dropFirst(name.count).split(separator: " ").first.flatMap { UInt64($0) }
    }
    return nil
  }

  /// Microseconds of `some` stalls in pressure stall information:
  /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
  static func stalledMicroseconds(in text: String) -> UInt64? {
    for line in text.split(separator: "\n") where line.hasPrefix("some ") {
      let total = line.split(separator: " ").first { $0.hasPrefix("total=") }
      return total.flatMap { UInt64($0.dropFirst("total=".count)) }
    }
    return nil
  }

  private static func bytes(_ number: Substring, unit: Substring) -> UInt64? {
    guard let value = UInt64(number) else { return nil }
    guard unit == "kB" else { return value }
    let (product, isTooLarge) = value.multipliedReportingOverflow(by: 1024)
    return isTooLarge ? nil : product
  }
}
