import BSTKFormat
import BSTKInference
import BSTKTokenizer
import Foundation
import Testing

@Suite struct GeneratorTests {
  private let opened: OpenedModel
  private let tokenizer: Tokenizer

  init() throws {
    opened = try OpenedModel(ModelFolders.trained)
    tokenizer = try Tokenizer(
      json: [UInt8](Data(contentsOf: ModelFolders.trained.appending(path: "tokenizer.json"))).span)
  }

  private func generate(
    _ sampling: Sampling, prompt: String = "And the LORD said", maximumTokens: Int = 20,
    pieces limit: Int = .max
  ) throws -> (Generator.Summary, String) {
    let model = try ResidentModel(configuration: opened.configuration, weights: opened.weights)
    var pieces: [String] = []
    let summary = try Generator(tokenizer: tokenizer, sampling: sampling)
      .generate(prompt, maximumTokens: maximumTokens, with: model) {
        pieces.append($0)
        return pieces.count < limit
      }
    return (summary, pieces.joined())
  }

  @Test func `greedy text follows the largest logits of the whole text`() throws {
    let (summary, text) = try generate(Sampling())
    #expect(summary.tokens.count == 20 && summary.reason == .tokenLimit)
    #expect(text == tokenizer.decode(summary.tokens))
    let prompt = try tokenizer.encode("And the LORD said", addingSpecialTokens: true)
    #expect(summary.promptTokenCount == prompt.count)
    let logits = try opened.run([prompt + summary.tokens]).logits
    let vocabulary = opened.configuration.vocabularySize
    for (index, token) in summary.tokens.enumerated() {
      let row = prompt.count - 1 + index
      let predictions = logits[row * vocabulary..<(row + 1) * vocabulary]
      let best = try #require(predictions.indices.max { predictions[$0] < predictions[$1] })
      #expect(best - row * vocabulary == Int(token))
    }
  }

  @Test func `the seed decides, and narrow sampling is greedy`() throws {
    let warm = Sampling(temperature: 1, seed: 1)
    #expect(try generate(warm).0 == generate(warm).0)
    let other = Sampling(temperature: 1, seed: 2)
    #expect(try generate(warm).0 != generate(other).0)
    let greedy = try generate(Sampling()).0
    #expect(try generate(Sampling(temperature: 1, topK: 1, seed: 1)).0 == greedy)
    #expect(try generate(Sampling(temperature: 1, topP: 1e-6, seed: 1)).0 == greedy)
    #expect(try generate(Sampling(temperature: 1e-4, seed: 1)).0 == greedy)
  }

  @Test func `the receiver can end the text`() throws {
    let (summary, _) = try generate(Sampling(), pieces: 3)
    #expect(summary.reason == .stopped && summary.tokens.count <= 5)
  }

  @Test func `an empty prompt starts from the token that begins a text`() throws {
    let (summary, _) = try generate(Sampling(), prompt: "", maximumTokens: 2)
    #expect(summary.promptTokenCount == 1 && summary.tokens.count == 2)
  }
}
