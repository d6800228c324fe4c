import BSTKInference
import BSTKNumerics
import BSTKTestSupport
import Testing

@testable import BSTKCompression

@Suite("What is known of each matrix")
struct MatrixStatisticsTests {
  private func floats(_ moments: InputMoments) -> (isFull: Bool, values: [Float])? {
    switch moments {
    case .unit: nil
    case .diagonal(let values): (false, values)
    case .full(let values): (true, values)
    }
  }

  @Test(arguments: ["llama-linear", "llama-llama3", "qwen2-sliding"])
  func `linear layers know their inputs and outputs, and the final norm is no matrix`(
    _ name: String
  ) throws {
    let model = try TinyModel(name)
    let folder = try TemporaryFolder()
    let statistics = try model.gather(to: folder.file("s"))
    for layer in model.opened.configuration.linearLayers {
      let known = try MatrixStatistics(
        of: layer.weightName, in: statistics, configuration: model.opened.configuration)
      let moments = try #require(floats(known.moments))
      #expect(moments.isFull)
      #expect(try moments.values == statistics.secondMoments(ofInputOf: layer.name))
      #expect(try known.rowSensitivity == statistics.sensitivity(ofOutputOf: layer.name))
      let isCoupled = [.query, .key, .value].contains(layer.role)
      #expect(try known.coupling == (isCoupled ? statistics.coupling(of: layer.name) : 1))
    }
    let norm = try MatrixStatistics(
      of: "model.norm.weight", in: statistics, configuration: model.opened.configuration)
    #expect(floats(norm.moments) == nil && norm.rowSensitivity == nil)
  }

  @Test func `an embedding of its own is looked up, a head of its own multiplies`() throws {
    let model = try TinyModel("llama-linear")
    let folder = try TemporaryFolder()
    let statistics = try model.gather(to: folder.file("s"))
    func known(_ name: String) throws -> MatrixStatistics {
      try MatrixStatistics(of: name, in: statistics, configuration: model.opened.configuration)
    }
    let embedding = try known("model.embed_tokens.weight")
    let columns = try #require(floats(embedding.moments))
    #expect(!columns.isFull)
    #expect(try columns.values == statistics.embeddingSensitivity())
    // Often seen tokens first, and those never seen not for nothing.
    let frequencies = try statistics.tokenFrequencies()
    let rows = try #require(embedding.rowSensitivity)
    #expect(rows.allSatisfy { $0 > 0 } && rows.count == frequencies.count)
    for (row, other) in zip(rows.indices, rows.indices.dropFirst()) {
      #expect((frequencies[row] < frequencies[other]) == (rows[row] < rows[other]))
    }
    let head = try known("lm_head.weight")
    let moments = try #require(floats(head.moments))
    #expect(moments.isFull)
    #expect(try moments.values == statistics.headSecondMoments())
    #expect(head.rowSensitivity?.allSatisfy { $0 > 0 } == true)
  }

  @Test(arguments: ["llama-llama3", "qwen2-sliding"])
  func `where both are one matrix, both uses count`(_ name: String) throws {
    let model = try TinyModel(name)
    #expect(model.opened.configuration.tiesEmbeddings)
    let folder = try TemporaryFolder()
    let statistics = try model.gather(to: folder.file("s"))
    let known = try MatrixStatistics(
      of: "model.embed_tokens.weight", in: statistics, configuration: model.opened.configuration)
    let moments = try #require(floats(known.moments))
    let head = try statistics.headSecondMoments()
    let embedding = try statistics.embeddingSensitivity()
    let width = embedding.count
    #expect(moments.isFull && moments.values.count == width * width)
    // One factor on the embedding's share: the same in every column where it is not nothing.
    var factors: [Float] = []
    for row in 0..<width {
      for column in 0..<width {
        let added = moments.values[row * width + column] - head[row * width + column]
        if row != column { #expect(added == 0) } else { factors.append(added / embedding[row]) }
      }
    }
    let first = try #require(factors.first)
    #expect(first > 0 && factors.allSatisfy { abs($0 / first - 1) < 0.05 }, "\(factors)")
    let sensitivity = try statistics.headSensitivity()
    let rows = try #require(known.rowSensitivity)
    // One factor on how often each token comes, half a time for one that the text lacks.
    let half = 0.5 / Float(statistics.summary.windowCount * statistics.summary.windowLength)
    let gains = try zip(zip(rows, sensitivity), statistics.tokenFrequencies()).map {
      ($0.0 - $0.1) / ($1 + half)
    }
    #expect(gains.allSatisfy { $0 > 0 && abs($0 / gains[0] - 1) < 0.01 }, "\(gains)")
  }
}
