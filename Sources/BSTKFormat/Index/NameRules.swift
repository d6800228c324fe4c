/// What a name may be (Spec section "Names").
///
/// Names become tensor names and file names on every system, so the alphabet is small and
/// everything that could leave a folder or collide with a device is out.
enum NameRules {
  /// Base names that Windows takes for devices, whatever follows the first dot.
  private static let deviceNames: Set<String> =
    Set(["con", "prn", "aux", "nul"])
    .union((1...9).flatMap { ["com\($0)", "lpt\($0)"] })

  /// Returns what is wrong with the name, or nil.
  static func fault(in bytes: Span<UInt8>, isFile: Bool) -> String? {
    guard bytes.count > 0 else { return "is empty" }
    guard bytes.count <= Int(Limits.nameByteCount) else {
      return "has more than \(Limits.nameByteCount) bytes"
    }
    for index in bytes.indices where !isAllowed(bytes[index]) {
      return "has byte 0x\(String(bytes[index], radix: 16)), which names may not have"
    }
    var start = 0
    for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: "/") {
      if let fault = componentFault(bytes.extracting(start..<index), isFile: isFile) {
        return fault
      }
      start = index + 1
    }
    return nil
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"), UInt8(ascii: "/"):
      true
    default: false
    }
  }

  private static func componentFault(_ bytes: Span<UInt8>, isFile: Bool) -> String? {
    guard bytes.count > 0 else { return "has an empty component" }
    guard isFile else { return nil }
    let dot = UInt8(ascii: ".")
    guard bytes[0] != dot, bytes[bytes.count - 1] != dot else {
      return "has a component that begins or ends with a dot"
    }
    var stem = ""
    for index in bytes.indices {
      if bytes[index] == dot { break }
      stem.unicodeScalars.append(Unicode.Scalar(bytes[index]))
    }
    return deviceNames.contains(stem.lowercased())
      ? "has a component that some systems take for a device" : nil
  }
}
