import BSTKModel
import Foundation

/// The tokenizers made by `Scripts/make_reference_tokenizers.py` and
/// `Scripts/make_reference_sentencepiece.py`, with the libraries' results.
enum ReferenceTokenizers {
  static let names = [
    "digits", "gpt2", "gpt2-prefix", "llama2", "llama2-metaspace", "llama3", "qwen2", "tekken",
    sentencePiece,
  ]
  static let sentencePiece = "sentencepiece"

  struct Case: Decodable {
    let text: String
    let ids: [TokenID]
    let withSpecial: [TokenID]
    let decoded: String
  }

  static let folder = ModelFolders.package.appending(
    path: "Tests/BSTKModelTests/Resources/ReferenceTokenizers")

  static func open(_ name: String, in folder: URL = folder) throws -> (Tokenizer, [Case]) {
    let golden = try Data(contentsOf: folder.appending(path: "\(name).golden.json"))
    let file = name == sentencePiece ? "\(name).model" : "\(name).json"
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
    let tokenizer =
      name == sentencePiece
      ? try Tokenizer(sentencePiece: bytes.span) : try Tokenizer(json: bytes.span)
    return (tokenizer, try JSONDecoder().decode([Case].self, from: golden))
  }
}
