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
  /// SHA-256 of the payload of each verified chunk; null where it belongs to an ignorable object.
  var payloads: [String?]?
  /// For files with nested planes, by matrix and number of levels, all values of the matrix, row by
  /// row; null for matrices of sign blocks.
  var nested: [[[Float]]?]?

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
    code = report.fault?.code.rawValue
    stage = code == nil ? nil : model.isUnusable ? .use : .verify
    payloads = try model.payloadDigests(ofChunks: report.verifiedChunkCount)
    if code == nil { nested = try model.nestedValues() }
  }
}

extension ModelFile {
  fileprivate var isUnusable: Bool {
    switch state {
    case .tooShort, .overlong: true
    case .complete, .prefix: false
    }
  }

  /// SHA-256 of the payloads of the first chunks, nil for those that cannot be decoded.
  func payloadDigests(ofChunks count: Int) throws -> [String?] {
    let decoder = try ChunkDecoder()
    return try (0..<count).map { chunk in
      if case .ignorable = manifest.layout(ofChunk: chunk) { return nil }
      let payload = try payload(ofChunk: chunk, decoder: decoder)
      return SHA256Hasher.digest(of: payload.span).hex
    }
  }

  /// By matrix and number of levels the values of nested planes; nil when there are none.
  fileprivate func nestedValues() throws -> [[[Float]]?]? {
    guard manifest.matrices.contains(where: { $0.kind == .nestedPlanes }) else { return nil }
    return try manifest.matrices.enumerated().map { number, matrix in
      switch matrix.kind {
      case .signBlocks: return nil
      case .nestedPlanes:
        let planes = try Reconstruction.nestedPlanes(number, of: self)
        return (1...planes.payloads.count).map { planes.weights(levels: $0) }
      }
    }
  }
}
