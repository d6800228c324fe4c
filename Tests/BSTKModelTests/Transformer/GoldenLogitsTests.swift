import Foundation
import Testing

/// Forward passes against what the transformers library computed in fp32.
@Suite struct GoldenLogitsTests {
  private func check(_ url: URL) throws {
    let model = try OpenedModel(url)
    let golden = try GoldenFile(url.appending(path: "golden_logits.safetensors"))
    let result = try model.run([golden.tokens("input_ids")])
    #expect(largestDifference(result.logits, try golden.floats("logits")) <= 1e-4)
    #expect(largestDifference(result.hidden, try golden.floats("hidden_last")) <= 1e-4)
  }

  @Test func `the bundled trained model`() throws { try check(ModelFolders.trained) }

  @Test func `a larger trained model`() throws {
    if let url = ModelFolders.larger { try check(url) }
  }

  @Test(arguments: ReferenceModels.names)
  func `a random model of each kind`(_ name: String) throws {
    try ReferenceModels.check(ModelFolders.references.appending(path: name))
  }

  @Test func `the list of random models is complete`() throws {
    let present = try FileManager.default.contentsOfDirectory(
      atPath: ModelFolders.references.path)
    #expect(Set(present) == Set(ReferenceModels.names))
  }
}
