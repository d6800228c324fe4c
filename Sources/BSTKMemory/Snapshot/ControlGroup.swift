/// A control group that the process is in, or one above it (Linux, cgroups(7)).
struct ControlGroup: Hashable {
  /// How its files are named.
  enum Version: Hashable {
    case one, two
  }

  let version: Version
  /// The folder of its files.
  let folder: String

  /// Groups nested deeper than this are not looked at.
  private static let depthLimit = 128

  /// All groups whose memory bounds a process.
  ///
  /// - Parameters:
  ///   - membership: The text of `/proc/self/cgroup`.
  ///   - mounts: The text of `/proc/self/mountinfo`.
  static func all(membership: String, mounts: String) -> [ControlGroup] {
    var groups: [ControlGroup] = []
    let mounts = mounts.split(separator: "\n").compactMap(Mount.init)
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let version: Version
      if fields[0] == "0", fields[1].isEmpty {
        version = .two
      } else if fields[1].split(separator: ",").contains("memory") {
        version = .one
      } else {
        continue
      }
      for mount in mounts where mount.version == version {
        groups += mount.folders(of: fields[2]).map { ControlGroup(version: version, folder: $0) }
      }
    }
    return groups
  }

  /// A place where a hierarchy of groups can be seen.
  private struct Mount {
    let version: Version
    /// The group that is visible at ``point``.
    let root: String
    let point: String

    /// Reads a line of mountinfo (proc(5)); nil when it is not about groups with memory.
    init?(_ line: Substring) {
      let words = line.split(separator: " ")
      guard let mark = words.firstIndex(of: "-"), mark >= 6, words.count >= mark + 4 else {
        return nil
      }
      switch words[mark + 1] {
      case "cgroup2": version = .two
      case "cgroup" where words[mark + 3].split(separator: ",").contains("memory"): version = .one
      default: return nil
      }
      root = Self.unescaped(words[3])
      point = Self.unescaped(words[4])
    }

    /// The folders of a group and of those above it that can be seen, the group's own first.
    func folders(of path: Substring) -> [String] {
      var parts: [Substring] = []
      let top = root == "/" ? "" : root
      // A group outside of what is mounted here, as seen from a namespace, shows only its top.
      if path.hasPrefix(top + "/") { parts = path.dropFirst(top.count).split(separator: "/") }
      guard !parts.contains("..") else { return [point] }
      return (0...min(parts.count, depthLimit)).reversed().map { count in
        ([point[...]] + parts.prefix(count)).joined(separator: "/")
      }
    }

    /// The text with `\040` as a space.
    private static func unescaped(_ text: Substring) -> String {
      var bytes: [UInt8] = []
      var rest = Array(text.utf8)[...]
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), rest.count >= 3,
          let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
        {
          bytes.append(value)
          rest = rest.dropFirst(3)
        } else {
          bytes.append(byte)
        }
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// The bound of the group, if it has one.
  ///
  /// Pages of files count as free: the kernel gives them up before it kills, and a model that has
  /// been read leaves a group full of them. Those that are mapped, as programs and libraries are,
  /// and were used more than once are in use.
  ///
  /// - Parameters:
  ///   - held: What the process has of it.
  ///   - read: The text of a file of the group.
  func bound(held: UInt64 = 0, _ read: (String) -> String?) -> MemoryBound? {
    func number(_ name: String) -> UInt64? {
      read(name).flatMap { text in UInt64(text.split { $0.isWhitespace }.first ?? "") }
    }
    let limits: [UInt64?]
    let usage: UInt64?
    let (prefix, mapped): (String, String)
    switch version {
    case .one:
      limits = [number("memory.limit_in_bytes")]
      usage = number("memory.usage_in_bytes")
      (prefix, mapped) = ("total_", "mapped_file")
    case .two:
      limits = [number("memory.max"), number("memory.high")]
      usage = number("memory.current")
      (prefix, mapped) = ("", "file_mapped")
    }
    // Version one writes its lack of a limit as the largest number of pages.
    guard let limit = limits.compactMap(\.self).min(), limit < 1 << 60, let usage else {
      return nil
    }
    let statistics = read("memory.stat") ?? ""
    func pages(_ name: String) -> UInt64 {
      NamedValues.value(of: prefix + name, in: statistics) ?? 0
    }
    let used = usage.subtracting(pages("inactive_file"))
      .subtracting(pages("active_file").subtracting(pages(mapped)))
    return MemoryBound(
      source: .controlGroup, totalByteCount: limit, freeByteCount: limit.subtracting(used),
      heldByteCount: held)
  }

  /// How often processes of the group were held up because it was above `memory.high`. Coming to
  /// `memory.max` means nothing: pages of files fill a group up to there all the time.
  func holdUpCount(_ read: (String) -> String?) -> UInt64 {
    switch version {
    case .one: 0
    case .two: read("memory.events").flatMap { NamedValues.value(of: "high", in: $0) } ?? 0
    }
  }
}

extension UInt64 {
  /// The difference, or zero where that would be negative.
  func subtracting(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
