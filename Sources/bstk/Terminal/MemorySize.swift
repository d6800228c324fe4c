internal import ArgumentParser

/// Memory given on the command line: a size, or what the machine has free.
enum MemorySize: Hashable, Sendable {
  case automatic
  case size(ByteSize)

  /// Reads an option's value.
  static func read(_ text: String) throws -> MemorySize {
    if text.lowercased() == "auto" { return .automatic }
    guard let size = ByteSize(text) else {
      throw ValidationError(
        "Write auto, megabytes, 900 or 1.5, or a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB."
      )
    }
    return .size(size)
  }
}
