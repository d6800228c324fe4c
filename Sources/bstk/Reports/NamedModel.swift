internal import BSTKFormat
internal import BSTKStore

/// A model named on the command line: its manifest, and how much of it is there.
struct NamedModel {
  /// As it was named.
  let name: String
  let manifest: Manifest
  /// Bytes of the file as found.
  let byteCount: UInt64

  /// Opens the header and index of a file; nothing else is read.
  init(_ name: String) throws(BSTKError) {
    let file = try ModelFile(name)
    self.name = name
    manifest = file.manifest
    byteCount = file.byteCount
  }
}
