import BSTKCodec
import BSTKFormat
import BSTKTestSupport
import Testing

/// What a writer may not put into a file.
@Suite struct ManifestBuildingTests {
  private static let matrix = MatrixRecord(
    name: "m", sourceType: .f32, rows: 1, columns: 1, levelCount: 1)
  private static let chunk = ChunkRecord(
    digest: .zero, storedByteCount: 24, codec: .raw,
    contents: .block(matrix: 0, level: 0, rank: 1, vectors: .f16))

  private static func code(
    matrix: MatrixRecord = matrix, objects: [ObjectRecord] = [], chunk: ChunkRecord = chunk,
    _ extensions: IndexExtensions = IndexExtensions()
  ) -> BSTKError.Code? {
    do throws(BSTKError) {
      _ = try Manifest(
        matrices: [matrix], objects: objects, chunks: [chunk], extensions: extensions)
      return nil
    } catch { return error.code }
  }

  @Test func aManifestIsReadAsItWasBuilt() throws {
    let extensions = IndexExtensions(
      provenance: "line 1\nline 2 – ü", worths: [0.5],
      quality: QualityTable(
        metric: .perplexity, label: "a label", sourceValue: .nan,
        points: [.init(chunkCount: 1, value: 3)]))
    let manifest = try Manifest(
      matrices: [Self.matrix], objects: [], chunks: [Self.chunk], extensions: extensions)
    let bytes = manifest.serialized()
    let opened = try Manifest(opening: bytes.span)
    #expect(opened.extensions == extensions)
    #expect(opened.matrices == manifest.matrices)
    #expect(opened.chunks == manifest.chunks)
    #expect(opened.serialized() == bytes)
    #expect(opened.header.flags.incompatible == 0)
  }

  @Test func badExtensions() {
    let point = QualityTable.Point(chunkCount: 1, value: 1)
    func quality(
      _ points: [QualityTable.Point], label: String = "", source: Double = 1
    ) -> IndexExtensions {
      IndexExtensions(
        quality: QualityTable(
          metric: .perplexity, label: label, sourceValue: source, points: points))
    }
    #expect(Self.code() == nil)
    #expect(Self.code(IndexExtensions(provenance: "\u{1B}[2J")) == .extensionData)
    let long = String(repeating: "x", count: Limits.provenanceByteCount + 1)
    #expect(Self.code(IndexExtensions(provenance: String(long.dropLast()))) == nil)
    #expect(Self.code(IndexExtensions(provenance: long)) == .extensionData)
    #expect(Self.code(IndexExtensions(worths: [1, 2])) == .extensionData)
    #expect(Self.code(IndexExtensions(worths: [.nan])) == .float)
    #expect(Self.code(quality([point])) == nil)
    #expect(Self.code(quality([point, point])) == .extensionData)
    #expect(Self.code(quality([.init(chunkCount: 2, value: 1)])) == .extensionData)
    #expect(Self.code(quality([.init(chunkCount: 1, value: .infinity)])) == .float)
    #expect(Self.code(quality([], source: .infinity)) == .float)
    #expect(Self.code(quality([], label: "a\nb")) == .extensionData)
  }

  @Test func badTables() {
    let unnamed = MatrixRecord(name: "", sourceType: .f32, rows: 1, columns: 1, levelCount: 1)
    #expect(Self.code(matrix: unnamed) == .name)
    let wide = MatrixRecord(
      name: "m", sourceType: .f32, rows: 1, columns: .max, levelCount: 1)
    #expect(Self.code(matrix: wide) == .limit)
    let escaping = ObjectRecord(name: "../x", contents: .auxiliary(byteCount: 0))
    #expect(Self.code(objects: [escaping]) == .name)
    let endless = ObjectRecord(
      name: "t", contents: .tensor(.f64, dimensions: [.max, .max, .max, .max]))
    #expect(Self.code(objects: [endless]) == .limit)
    let backwards = ObjectRecord(name: "t", contents: .tensor(.f64, dimensions: [-1]))
    #expect(Self.code(objects: [backwards]) == .shape)
    let short = ChunkRecord(
      digest: .zero, storedByteCount: 23, codec: .raw, contents: Self.chunk.contents)
    #expect(Self.code(chunk: short) == .chunkLength)
  }
}
