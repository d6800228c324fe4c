import BSTKModel
import Foundation
import Testing

@Suite struct PerplexityTests {
  private struct Golden: Decodable {
    let perplexity: Double
    let window: Int
    let windows: Int
  }

  private func check(_ url: URL) throws {
    let model = try OpenedModel(url)
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: url.appending(path: "golden_perplexity.json")))
    let tokenizer = try Tokenizer(
      json: [UInt8](Data(contentsOf: url.appending(path: "tokenizer.json"))).span)
    let tokens = tokenizer.encode(try model.text("eval.txt"))
    var reports: [WorkProgress] = []
    let result = try Perplexity.measure(tokens, with: model.transformer) { reports.append($0) }
    #expect(result.windowCount == golden.windows)
    #expect(result.predictedTokenCount == golden.windows * (golden.window - 1))
    #expect(abs(result.value / golden.perplexity - 1) <= 5e-4, "\(result.value)")
    let total = golden.windows * (model.configuration.layerCount + 1)
    #expect(reports.last == WorkProgress(completed: total, total: total))
    #expect(reports.map(\.completed) == reports.map(\.completed).sorted())
  }

  @Test func `the bundled trained model on its evaluation text`() throws {
    try check(ModelFolders.trained)
  }

  @Test func `a larger trained model on its evaluation text`() throws {
    if let url = ModelFolders.larger { try check(url) }
  }
}
