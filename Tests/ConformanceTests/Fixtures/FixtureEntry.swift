import BSTKCodec
import BSTKFormat
import BSTKStore

/// A line of `Fixtures/v1/index.json`: what a reader in any language has to find.
struct FixtureEntry: Codable, Equatable {
  let file: String
  /// The section of the Spec.
  let clause: String
  let byteCount: Int
  /// The error code, for invalid files.
  var code: String?
  /// When an invalid file is noticed: at `open`, `use` or `verify`.
  var stage: FixtureCase.Stage?
  /// The state that the length tells, where the manifest is valid.
  var state: String?
  /// The state that the hashes tell.
  var verifiedState: String?
  var root: String?
  var chunks: Int?
  var baseChunks: Int?
  var verifiedChunks: Int?
  var blocks: Int?

  /// What the library says about a file.
  init(_ fixture: FixtureCase) throws {
    file = fixture.path
    clause = fixture.clause
    byteCount = fixture.bytes.count
    let model: ModelFile
    do {
      model = try ModelFile(MemorySource(fixture.bytes))
    } catch {
      code = error.code.rawValue
      stage = .open
      return
    }
    state = model.state.description
    root = model.manifest.rootDigest.hex
    chunks = model.manifest.chunks.count
    baseChunks = model.manifest.baseChunkCount
    blocks = model.blockCount
    let report = try model.verify()
    verifiedState = report.state.description
    verifiedChunks = report.verifiedChunkCount
    do {
      try model.requireUsable()
      if let fault = report.fault {
        code = fault.code.rawValue
        stage = .verify
      }
    } catch {
      code = (error as BSTKError).code.rawValue
      stage = .use
    }
  }
}
