import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTokenizer

/// The comparison with the Python libraries on models and tokenizers made on the spot.
@Suite struct LiveReferenceTests {
  private func script(_ name: String) throws -> String {
    try String(
      contentsOf: ModelFolders.package.appending(path: "Tests/BSTKModelTests/Scripts/\(name)"),
      encoding: .utf8)
  }

  @Test func `random models of every kind, made now`() async throws {
    guard let python = await PythonPeer.having("torch", "transformers", "safetensors") else {
      return
    }
    let folder = try TemporaryFolder()
    let seed = Int.random(in: 0..<1_000_000)
    _ = try await python.run(script("make_reference_models.py"), folder.path, "\(seed)")
    print("models made with seed \(seed)")
    for name in ReferenceModels.names {
      try ReferenceModels.check(URL(filePath: folder.path).appending(path: name))
    }
    _ = try await python.run(script("make_reference_gradients.py"), folder.path, "\(seed)")
    for name in ReferenceGradients.names {
      let reference = try ReferenceGradients(URL(filePath: folder.path).appending(path: name))
      try reference.check()
      try reference.checkStatistics(to: folder.file("statistics"))
    }
  }

  @Test func `tokenizers of every kind, trained now on another text`() async throws {
    guard let python = await PythonPeer.having("tokenizers") else { return }
    let folder = try TemporaryFolder()
    let text = ModelFolders.trained.appending(path: "eval.txt").path
    _ = try await python.run(script("make_reference_tokenizers.py"), folder.path, text)
    for name in ReferenceTokenizers.jsonNames {
      let (tokenizer, cases) = try ReferenceTokenizers.open(name, in: URL(filePath: folder.path))
      for golden in cases {
        #expect(try tokenizer.encode(golden.text) == golden.ids, "\(name): \(golden.text)")
      }
    }
  }

  @Test func `SentencePiece models of every type, trained now on another text`() async throws {
    guard let python = await PythonPeer.having("sentencepiece") else { return }
    let folder = try TemporaryFolder()
    _ = try await python.run(
      script("make_reference_sentencepiece.py"), folder.path,
      ModelFolders.trained.appending(path: "eval.txt").path,
      ReferenceTokenizers.folder.appending(path: "gpt2.golden.json").path, "all")
    let names =
      SentencePieceLibrary.isAvailable
      ? ReferenceTokenizers.libraryNames + ["sentencepiece-nfkc", "sentencepiece-folded"] : []
    for name in names + [ReferenceTokenizers.sentencePiece] {
      let (tokenizer, cases) = try ReferenceTokenizers.open(name, in: URL(filePath: folder.path))
      for golden in cases {
        #expect(try tokenizer.encode(golden.text) == golden.ids, "\(name): \(golden.text)")
      }
      #expect(tokenizer.boundaries.areKnown == (name != ReferenceTokenizers.sentencePiece))
    }
  }
}
