import Testing

/// One test file and what every reader has to make of it.
struct FixtureCase: CustomTestStringConvertible {
  /// When a reader notices that a file is invalid.
  enum Stage: String, Codable {
    /// When it reads the manifest.
    case open
    /// When it looks at the length.
    case use
    /// When it reads the chunks.
    case verify
  }

  /// The file's name without its ending.
  let name: String
  /// The section of the Spec it belongs to.
  let clause: String
  /// The code and the stage, when the file is invalid.
  let fault: (code: String, stage: Stage)?
  /// The file.
  let bytes: [UInt8]

  /// The file's path below `Fixtures/v1`.
  var path: String { "\(fault == nil ? "valid" : "invalid")/\(name).bstk" }

  var testDescription: String { name }

  /// A valid file.
  static func valid(_ name: String, _ clause: String, _ file: RawFile) -> FixtureCase {
    FixtureCase(name: name, clause: clause, fault: nil, bytes: file.bytes())
  }

  /// A file with one rule broken in its tables or chunks.
  static func edited(
    _ name: String, _ clause: String, _ code: String, _ stage: Stage = .open,
    of file: RawFile = .sample(), _ edit: (inout RawFile) -> Void
  ) -> FixtureCase {
    var file = file
    edit(&file)
    return FixtureCase(name: name, clause: clause, fault: (code, stage), bytes: file.bytes())
  }

  /// A file with one rule broken in its bytes, hashes and checksum right again.
  static func patched(
    _ name: String, _ clause: String, _ code: String, _ stage: Stage = .open,
    _ patch: (inout [UInt8]) -> Void
  ) -> FixtureCase {
    damaged(name, clause, code, stage) { bytes in
      patch(&bytes)
      Seal.index(&bytes)
    }
  }

  /// A file that was changed without anybody setting the hashes right.
  static func damaged(
    _ name: String, _ clause: String, _ code: String, _ stage: Stage = .open,
    _ patch: (inout [UInt8]) -> Void
  ) -> FixtureCase {
    var bytes = RawFile.sample().bytes()
    patch(&bytes)
    return FixtureCase(name: name, clause: clause, fault: (code, stage), bytes: bytes)
  }
}
