import BSTKModel
import Foundation

/// The tokenizers made by `Scripts/make_reference_tokenizers.py`, with the library's results.
enum ReferenceTokenizers {
  static let names = [
    "digits", "gpt2", "gpt2-prefix", "llama2", "llama2-metaspace", "llama3", "qwen2", "tekken",
  ]

  struct Case: Decodable {
    let text: String
    let ids: [TokenID]
    let withSpecial: [TokenID]
    let decoded: String
  }

  static let folder = ModelFolders.package.appending(
    path: "Tests/BSTKModelTests/Resources/ReferenceTokenizers")

  static func open(_ name: String, in folder: URL = folder) throws -> (Tokenizer, [Case]) {
    let json = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).json")))
    let golden = try Data(contentsOf: folder.appending(path: "\(name).golden.json"))
    return (try Tokenizer(json: json.span), try JSONDecoder().decode([Case].self, from: golden))
  }
}
