import BSTKFormat
import BSTKInference
import BSTKTokenizer
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
    let tokens = try tokenizer.encode(try model.text("eval.txt"))
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

extension PerplexityTests {
  @Test func `batches change nothing, limits cut, and short texts are refused`() throws {
    let model = try OpenedModel(ModelFolders.references.appending(path: "llama-linear"))
    let tokens = (0..<100).map { TokenID($0 * 29 % 64) }
    let whole = try Perplexity.measure(
      tokens, with: model.transformer, protocol: EvaluationProtocol(windowLength: 9))
    #expect(whole.windowCount == 11 && whole.predictedTokenCount == 88)
    let inParts = try Perplexity.measure(
      tokens, with: model.transformer,
      protocol: EvaluationProtocol(windowLength: 9, batchByteCount: 1))
    #expect(abs(inParts.value / whole.value - 1) < 1e-6)
    let limited = try Perplexity.measure(
      tokens, with: model.transformer,
      protocol: EvaluationProtocol(windowLength: 9, windowLimit: 2))
    let start = try Perplexity.measure(
      Array(tokens.prefix(18)), with: model.transformer,
      protocol: EvaluationProtocol(windowLength: 9))
    #expect(limited == start)
    for length in [0, 1, 101] {
      #expect(throws: BSTKError.self) {
        try EvaluationProtocol(windowLength: length).windows(of: tokens)
      }
    }
  }

  @Test func `a measurement can be cancelled`() throws {
    struct Cancelled: Error {}
    let model = try OpenedModel(ModelFolders.references.appending(path: "llama-linear"))
    #expect(throws: Cancelled.self) {
      try Perplexity.measure(
        [1, 2, 3, 4], with: model.transformer, protocol: EvaluationProtocol(windowLength: 2)
      ) { _ in throw Cancelled() }
    }
  }
}
