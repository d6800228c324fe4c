#if canImport(Darwin)
  internal import Foundation
#else
  // The part of Foundation that does this; all of Foundation would add megabytes to every command.
  internal import _FoundationICU
#endif

/// A normalization form of Unicode (UAX #15).
enum NormalizationForm: Sendable {
  case nfc, nfd, nfkc, nfkd

  /// The UTF-8 text in this form; bytes that are no UTF-8 become U+FFFD. ASCII is left alone.
  func normalize(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    return Array(normalize(String(decoding: text, as: UTF8.self)).utf8)
  }

  #if canImport(Darwin)
    private func normalize(_ text: String) -> String {
      switch self {
      case .nfc: text.precomposedStringWithCanonicalMapping
      case .nfd: text.decomposedStringWithCanonicalMapping
      case .nfkc: text.precomposedStringWithCompatibilityMapping
      case .nfkd: text.decomposedStringWithCompatibilityMapping
      }
    }
  #else
    private func normalize(_ text: String) -> String {
      let source = Array(text.utf16)
      guard let length = Int32(exactly: source.count) else { return text }
      var status = U_ZERO_ERROR
      // SAFETY: ICU's instances live as long as the process; `source` and `target` outlive the
      // calls, which are given their lengths.
      let form = unsafe instance(&status)
      guard status.rawValue <= U_ZERO_ERROR.rawValue else { return text }
      // Most texts stay about as long as they are; for others ICU says how much room it needs.
      var target = [UInt16](repeating: 0, count: source.count + source.count / 2 + 32)
      var needed = unsafe swift_unorm2_normalize(
        form, source, length, &target, Int32(clamping: target.count), &status)
      if status == U_BUFFER_OVERFLOW_ERROR {
        status = U_ZERO_ERROR
        target = [UInt16](repeating: 0, count: Int(needed))
        needed = unsafe swift_unorm2_normalize(form, source, length, &target, needed, &status)
      }
      guard status.rawValue <= U_ZERO_ERROR.rawValue, 0...target.count ~= Int(needed) else {
        return text
      }
      return String(decoding: target[..<Int(needed)], as: UTF16.self)
    }

    private func instance(_ status: inout UErrorCode) -> OpaquePointer? {
      switch self {
      case .nfc: unsafe swift_unorm2_getNFCInstance(&status)
      case .nfd: unsafe swift_unorm2_getNFDInstance(&status)
      case .nfkc: unsafe swift_unorm2_getNFKCInstance(&status)
      case .nfkd: unsafe swift_unorm2_getNFKDInstance(&status)
      }
    }
  #endif
}
