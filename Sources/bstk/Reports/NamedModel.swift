internal import BSTKFormat
internal import BSTKStore
internal import BSTKTransport

/// A model named on the command line: its manifest, and how much of it is there.
struct NamedModel {
  /// As it was named.
  let name: String
  let manifest: Manifest
  /// Bytes of the file as found; as published where a server does not say.
  let byteCount: UInt64

  /// Opens the header and index of a file or an address; nothing else is read.
  static func open(_ name: String, options: FetchOptions) async throws -> NamedModel {
    guard SourceAddress.isAddress(name) else { return try NamedModel(file: name) }
    let remote = try await Fetcher().manifest(of: name, options: options)
    return NamedModel(
      name: name, manifest: remote.manifest,
      byteCount: remote.byteCount ?? remote.manifest.header.storedByteCount)
  }

  /// Opens a file.
  init(file name: String) throws(BSTKError) {
    let file = try ModelFile(name)
    self.init(name: name, manifest: file.manifest, byteCount: file.byteCount)
  }

  /// Why nothing can be done with what is there, when it is too short or too long.
  var fault: BSTKError? {
    do throws(BSTKError) { try manifest.requireUsable(byteCount: byteCount) } catch {
      return error
    }
    return nil
  }

  private init(name: String, manifest: Manifest, byteCount: UInt64) {
    self.name = name
    self.manifest = manifest
    self.byteCount = byteCount
  }
}
