import BSTKFormat
import BSTKInference
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

@testable import BSTKCompression

@Suite("Calibration")
struct CalibratorTests {
  private var options: Calibrator.Options {
    var options = Calibrator.Options()
    options.windowCount = 4
    options.windowLength = TinyModel.windowLength
    return options
  }

  @Test func `windows are spread evenly, and short texts are refused`() throws {
    var options = options
    let all = (0..<11).map { window in
      (0..<9).map { TinyModel.tokens[window * 9 + $0] }
    }
    let four = try Calibrator.windows(of: TinyModel.tokens, options: options)
    #expect(four == [0, 2, 5, 8].map { all[$0] })
    options.windowCount = 1_000
    #expect(try Calibrator.windows(of: TinyModel.tokens, options: options) == all)
    #expect(throws: BSTKError.self) {
      try Calibrator.windows(of: Array(TinyModel.tokens.prefix(8)), options: options)
    }
  }

  @Test func `the norms are those of saved statistics, bit for bit`() throws {
    let model = try TinyModel()
    let folder = try TemporaryFolder()
    let norms = try Calibrator(model.opened.transformer, options: options).run(TinyModel.tokens)
    let saved = try InputStatistics(model.gather(to: folder.file("s")))
    #expect(norms.windowCount == 4 && norms.windowLength == TinyModel.windowLength)
    #expect(saved.windowCount == 4 && saved.windowLength == TinyModel.windowLength)
    #expect(
      Set(norms.channelNorms.keys) == Set(model.opened.configuration.linearLayers.map(\.name)))
    #expect(saved.channelNorms == norms.channelNorms)
  }

  @Test func `throwing from progress cancels`() throws {
    struct Cancelled: Error {}
    let model = try TinyModel()
    #expect(throws: Cancelled.self) {
      try Calibrator(model.opened.transformer, options: options).run(TinyModel.tokens) { _ in
        throw Cancelled()
      }
    }
  }
}
