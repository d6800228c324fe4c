import Foundation

@testable import BSTKTokenizer

/// The tokenizers made by `Scripts/make_reference_tokenizers.py` and
/// `Scripts/make_reference_sentencepiece.py`, with the libraries' results.
enum ReferenceTokenizers {
  static let jsonNames = [
    "digits", "gpt2", "gpt2-prefix", "llama2", "llama2-metaspace", "llama3", "qwen2", "tekken",
  ]
  /// A byte-pair encoding of Llama 2's kind, which needs no library.
  static let sentencePiece = "sentencepiece"
  static let libraryNames = ["bare", "characters", "fallback", "unigram", "words"].map {
    "\(sentencePiece)-\($0)"
  }
  /// Those that can be read here.
  static let names =
    jsonNames + [sentencePiece] + (SentencePieceLibrary.isAvailable ? libraryNames : [])

  static func file(_ name: String) -> String {
    name + (jsonNames.contains(name) ? ".json" : ".model")
  }

  struct Case: Decodable {
    let text: String
    let ids: [TokenID]
    let withSpecial: [TokenID]
    let decoded: String
  }

  static let folder = ModelFolders.package.appending(
    path: "Tests/BSTKModelTests/Resources/ReferenceTokenizers")

  static func bytes(_ name: String, in folder: URL = folder) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: file(name))))
  }

  static func open(_ name: String, in folder: URL = folder) throws -> (Tokenizer, [Case]) {
    let golden = try Data(contentsOf: folder.appending(path: "\(name).golden.json"))
    let bytes = try bytes(name, in: folder)
    let tokenizer =
      jsonNames.contains(name)
      ? try Tokenizer(json: bytes.span) : try Tokenizer(sentencePiece: bytes.span)
    return (tokenizer, try JSONDecoder().decode([Case].self, from: golden))
  }
}
