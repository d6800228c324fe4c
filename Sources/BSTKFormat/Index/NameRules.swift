/// What a name may be (Spec section "Names").
///
/// Names become tensor names and file names on every system, so the alphabet is small and
/// everything that could leave a folder or collide with a device is out.
enum NameRules {
  /// Base names that Windows takes for devices, whatever follows the first dot.
  private static let deviceNames: Set<String> =
    Set(["con", "prn", "aux", "nul"])
    .union((1...9).flatMap { ["com\($0)", "lpt\($0)"] })

  /// Endings of the files that an exporter writes itself.
  private static let tensorFileEndings = [".safetensors", ".safetensors.index.json"]

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
    for index in 0...bytes.count
    where index == bytes.count || bytes[index] == UInt8(ascii: "/") {
      if let fault = componentFault(bytes.extracting(start..<index), isFile: isFile) {
        return fault
      }
      start = index + 1
    }
    return isFile ? endingFault(bytes) : nil
  }

  /// Throws when the name is none.
  static func check(_ name: String, isFile: Bool) throws(BSTKError) {
    let bytes = Array(name.utf8)
    if let fault = fault(in: bytes.span, isFile: isFile) {
      throw BSTKError(.name, "the name \"\(name)\" \(fault)")
    }
  }

  /// Finds two files that cannot stand in one folder where case is not told apart: equal names, or
  /// one that is a folder of another.
  ///
  /// - Returns: The index of one of them and what is wrong with it.
  static func collision(among files: [String]) -> (index: Int, fault: String)? {
    // With "/" before every other byte, a folder stands right before the files in it.
    let folded = files.enumerated().map { (index: $0, bytes: $1.utf8.map(foldedByte)) }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for (a, b) in zip(folded, folded.dropFirst()) where b.bytes.starts(with: a.bytes) {
      if a.bytes.count == b.bytes.count {
        return (b.index, "and \(files[a.index]) differ in case only")
      }
      if b.bytes[a.bytes.count] == 0 {
        return (b.index, "needs the file \(files[a.index]) as a folder")
      }
    }
    return nil
  }

  private static func foldedByte(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "/"): 0
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: byte
    }
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

  private static func endingFault(_ bytes: Span<UInt8>) -> String? {
    for ending in tensorFileEndings where bytes.count >= ending.utf8.count {
      let start = bytes.count - ending.utf8.count
      let isEqual = zip(start..<bytes.count, ending.utf8).allSatisfy {
        foldedByte(bytes[$0]) == $1
      }
      if isEqual { return "ends in \(ending), which is kept for the tensors" }
    }
    return nil
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
