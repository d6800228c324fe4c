import BSTKCompression
import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import BSTKTransport
import Foundation
import Testing

@testable import BSTKStreaming

@Suite("A model in use while it arrives")
struct ArrivingModelTests {
  private static let prompt = "And the LORD said"
  private static let source = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../Fixtures/models/pd-llama")
    .standardizedFileURL.path

  /// The bundled model, compressed once.
  private static let published = Result {
    let folder = try TemporaryFolder()
    _ = try NestedCompression(
      HuggingFaceFolder(path: source), options: NestedCompressionOptions(), statistics: nil
    ).run(to: folder.file("m.bstk"), evaluation: nil, isCancelled: { false }, progress: { _ in })
    return try folder.read("m.bstk")
  }

  private let folder: TemporaryFolder
  private let bytes: [UInt8]
  private let file: ModelFile
  private var output: String { folder.file("got.bstk") }

  init() throws {
    folder = try TemporaryFolder()
    bytes = try Self.published.get()
    file = try ModelFile(try folder.write(bytes, to: "m.bstk"))
  }

  private func request(_ server: GatedServer) -> FetchRequest {
    FetchRequest(sources: [server.url], output: output)
  }

  private func text(
    _ generator: Generator, _ model: borrowing ResizableModel
  ) throws -> [String] {
    var pieces: [String] = []
    _ = try generator.generate(Self.prompt, maximumTokens: 12, with: model.resident) { piece in
      pieces.append(piece)
      return true
    }
    return pieces
  }

  @Test("The base answers, blocks are added from memory alone, and the whole is the file's equal")
  func grows() async throws {
    let base = Int(file.manifest.header.baseEnd)
    #expect(base < bytes.count * 2 / 5)
    let server = try GatedServer(bytes, first: base + 5_000)
    defer { server.stop() }
    let arriving = ArrivingModel(request(server))
    var arrived = try await arriving.base()
    let manifest = file.manifest
    #expect(arrived.model.chunkCount == manifest.baseChunkCount && arriving.end == nil)
    #expect(server.bodyByteCount < bytes.count * 2 / 5)
    let generator = Generator(tokenizer: arrived.tokenizer)
    let small = try text(generator, arrived.model)
    #expect(try small == text(generator, local(arrived, manifest.baseChunkCount)))

    server.open()
    try await arriving.finish()
    #expect(try folder.read("got.bstk") == bytes)
    #expect(arriving.arrivedByteCount == UInt64(bytes.count))
    // What has arrived is in memory: nothing of it is read again.
    try FileManager.default.removeItem(atPath: output)
    #expect(try arriving.grow(&arrived.model) == file.chunkCount - manifest.baseChunkCount)
    #expect(arrived.model.cut == manifest.cut(afterChunks: file.chunkCount))
    let whole = try text(generator, arrived.model)
    #expect(try whole == text(generator, local(arrived, file.chunkCount)) && whole != small)
    #expect(try arriving.grow(&arrived.model) == 0)
  }

  /// The same model from the file.
  private func local(_ arrived: borrowing ArrivedBase, _ chunkCount: Int) throws -> ResizableModel {
    try ResizableModel(
      file, configuration: arrived.configuration, cut: file.manifest.cut(afterChunks: chunkCount))
  }

  @Test("What a limit keeps out is not held but read when the limit rises; a shrunken model grows")
  func limit() async throws {
    let server = try GatedServer(bytes, first: bytes.count)
    defer { server.stop() }
    let arriving = ArrivingModel(request(server))
    var arrived = try await arriving.base()
    let base = file.manifest.baseChunkCount
    try arriving.grow(&arrived.model, toChunks: base)
    try await arriving.finish()
    #expect(try arriving.grow(&arrived.model, toChunks: base + 9) == 9)
    try arrived.model.resize(to: file.manifest.cut(afterChunks: base))
    #expect(try arriving.grow(&arrived.model) == file.chunkCount - base)
    let generator = Generator(tokenizer: arrived.tokenizer)
    #expect(
      try text(generator, arrived.model) == text(generator, local(arrived, file.chunkCount)))

    try arrived.model.resize(to: file.manifest.cut(afterChunks: base))
    try FileManager.default.removeItem(atPath: output)
    #expect(throws: BSTKError.self) { try arriving.grow(&arrived.model) }
    #expect(arrived.model.chunkCount == base)
  }

  @Test("A fetch that breaks leaves a model that answers, and says what happened")
  func breaks() async throws {
    let server = try GatedServer(
      bytes, first: Int(file.manifest.header.baseEnd) + 5_000, rest: .missing)
    defer { server.stop() }
    let arriving = ArrivingModel(request(server))
    var arrived = try await arriving.base()
    server.open()
    let error = await #expect(throws: BSTKError.self) { try await arriving.finish() }
    #expect(error?.code == .remoteMissing)
    _ = try arriving.grow(&arrived.model)
    #expect(try !text(Generator(tokenizer: arrived.tokenizer), arrived.model).isEmpty)
    // The next fetch goes on from there.
    #expect(try folder.contents().contains("got.bstk.part"))
  }

  @Test("Stopped or cancelled before its base, it says so; and no address is no model")
  func stopped() async throws {
    let server = try GatedServer(bytes, first: 30_000)
    defer { server.stop() }
    let arriving = ArrivingModel(request(server))
    let waiting = Task { _ = try await arriving.base() }
    try await Task.sleep(for: .milliseconds(100))
    waiting.cancel()
    let error = await #expect(throws: BSTKError.self) { try await waiting.value }
    #expect(error?.code == .cancelled)
    let missing = ArrivingModel(
      FetchRequest(sources: ["file:///does/not/exist.bstk"], output: output))
    await #expect(throws: BSTKError.self) { _ = try await missing.base() }
    await missing.stop()
  }
}
