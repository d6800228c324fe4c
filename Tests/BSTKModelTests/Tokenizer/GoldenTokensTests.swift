import BSTKTokenizer
import Foundation
import Testing

/// Token ids against what the tokenizers library gives.
@Suite struct GoldenTokensTests {
  private struct Case: Decodable {
    let text: String
    let ids: [TokenID]
  }

  private func check(_ url: URL) throws {
    let tokenizer = try Tokenizer(
      json: [UInt8](Data(contentsOf: url.appending(path: "tokenizer.json"))).span)
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: url.appending(path: "golden_tokens.json")))
    #expect(!cases.isEmpty)
    for golden in cases {
      #expect(try tokenizer.encode(golden.text) == golden.ids, "\(golden.text)")
      #expect(tokenizer.decode(golden.ids, skippingSpecialTokens: false) == golden.text)
    }
  }

  @Test func `the bundled trained model`() throws { try check(ModelFolders.trained) }

  @Test func `a larger trained model`() throws {
    if let url = ModelFolders.larger { try check(url) }
  }
}
