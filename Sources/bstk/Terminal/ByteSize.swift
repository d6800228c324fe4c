internal import ArgumentParser

/// A size given on the command line: `900` (megabytes), `900MB`, `1.5GB`, `800MiB`, `2GiB`, `4096B`.
///
/// 1 MB is 10^6 bytes and 1 MiB is 2^20. Decimals are exact; a part of a byte is dropped, so that a
/// budget is never exceeded.
struct ByteSize: Hashable, Sendable {
  let byteCount: UInt64

  private static let units: [(name: String, byteCount: UInt64)] = [
    ("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]

  /// Reads a number with an optional unit, which may be in any case.
  init?(_ text: String) {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unitName = text[number.endIndex...].drop { $0 == " " }.lowercased()
    let name = unitName.isEmpty ? "mb" : unitName
    guard let unit = Self.units.first(where: { $0.name.lowercased() == name })?.byteCount else {
      return nil
    }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, !whole.isEmpty, let whole = UInt64(whole)
    else { return nil }
    let (product, isTooLarge) = whole.multipliedReportingOverflow(by: unit)
    guard !isTooLarge, let part = Self.fraction(parts.count == 2 ? parts[1] : "0", of: unit) else {
      return nil
    }
    let (sum, isSumTooLarge) = product.addingReportingOverflow(part)
    guard !isSumTooLarge else { return nil }
    byteCount = sum
  }

  /// The whole bytes in `0.digits` of a unit.
  private static func fraction(_ digits: Substring, of unit: UInt64) -> UInt64? {
    // Eighteen digits are finer than a byte of every unit.
    guard !digits.isEmpty, digits.count <= 18, let numerator = UInt64(digits) else { return nil }
    let denominator = digits.reduce(into: UInt64(1)) { power, _ in power *= 10 }
    return denominator.dividingFullWidth(numerator.multipliedFullWidth(by: unit)).quotient
  }
}

extension ByteSize {
  /// Reads an option's value.
  static func read(_ text: String) throws -> ByteSize {
    guard let size = ByteSize(text) else {
      throw ValidationError(
        "Write megabytes, 900 or 1.5, or a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB.")
    }
    return size
  }
}
