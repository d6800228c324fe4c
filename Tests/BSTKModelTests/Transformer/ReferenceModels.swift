import BSTKInference
import Foundation
import Testing

/// The kinds of models `Scripts/make_reference_models.py` makes.
enum ReferenceModels {
  static let names = [
    "llama-biased", "llama-dynamic", "llama-linear", "llama-llama3", "mistral-linear",
    "mistral-sliding", "qwen2-sliding", "qwen2-yarn", "qwen2-yarn-factor", "qwen2-yarn-mscale",
  ]

  /// Compares both texts of a model, run together, with the library's logits.
  static func check(_ url: URL) throws {
    let model = try OpenedModel(url)
    let golden = try GoldenFile(url.appending(path: "golden.safetensors"))
    let windows = try (0..<2).map { try golden.tokens("input_ids_\($0)") }
    #expect(windows.map(\.count) == [40, 9])
    for tileTokens in [1, 2048] {
      let logits = try model.run(windows, tileTokens: tileTokens).logits
      let split = 40 * model.configuration.vocabularySize
      #expect(largestDifference(logits[..<split], try golden.floats("logits_0")) <= 1e-4)
      #expect(largestDifference(logits[split...], try golden.floats("logits_1")) <= 1e-4)
    }
  }
}
