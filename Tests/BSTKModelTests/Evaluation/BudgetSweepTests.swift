import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKStore
import BSTKTestSupport
import Testing

@Suite("Perplexity at many budgets")
struct BudgetSweepTests {
  private let model: TinyModel
  private let file: ModelFile
  private let folder: TemporaryFolder

  init() throws {
    model = try TinyModel()
    folder = try TemporaryFolder()
    file = try model.compressed(in: folder)
  }

  private func cuts(_ counts: [Int]) -> [Cut] {
    counts.map { file.manifest.cut(afterChunks: file.manifest.baseChunkCount + $0) }
  }

  @Test(arguments: [1 << 30, 1])
  func `one pass equals a measurement of every cut`(_ batchByteCount: Int) throws {
    let cuts = cuts([0, 1, 2, 9, 20, 28])
    #expect(cuts.last?.chunkCount == file.chunkCount)
    var reports: [WorkProgress] = []
    let values = try BudgetSweep(file, configuration: model.opened.configuration).run(
      TinyModel.tokens, cuts: cuts,
      protocol: EvaluationProtocol(
        windowLength: TinyModel.windowLength, batchByteCount: batchByteCount)
    ) { reports.append($0) }
    #expect(values.count == cuts.count)
    for (cut, value) in zip(cuts, values) {
      let alone = try model.perplexity(BSTKWeights(file, chunkCount: cut.chunkCount))
      #expect(abs(value.value / alone - 1) <= 1e-6, "\(cut.chunkCount) chunks")
      #expect(value.windowCount == 11 && value.predictedTokenCount == 88)
    }
    #expect(reports.map(\.completed) == reports.map(\.completed).sorted())
    #expect(reports.last.map { $0.completed == $0.total } == true)
  }

  @Test func `a prefix is measured as far as it goes, and no cut gives no numbers`() throws {
    let cuts = cuts([0, 5])
    let bytes = try folder.read("plain.bstk").prefix(Int(cuts[1].fileByteCount))
    let prefix = try ModelFile(folder.write(Array(bytes), to: "prefix.bstk"))
    let protocol_ = EvaluationProtocol(windowLength: TinyModel.windowLength)
    let sweep = BudgetSweep(prefix, configuration: model.opened.configuration)
    let whole = BudgetSweep(file, configuration: model.opened.configuration)
    #expect(
      try sweep.run(TinyModel.tokens, cuts: cuts, protocol: protocol_)
        == whole.run(TinyModel.tokens, cuts: cuts, protocol: protocol_))
    #expect(throws: BSTKError.self) {
      try sweep.run(TinyModel.tokens, cuts: self.cuts([0, 6]), protocol: protocol_)
    }
    #expect(try sweep.run(TinyModel.tokens, cuts: [], protocol: protocol_) == [])
  }
}
