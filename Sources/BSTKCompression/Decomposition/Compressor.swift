internal import BSTKInference
public import BSTKModelFiles
public import BSTKFormat
internal import BSTKNumerics
internal import BSTKStore

/// Compresses a Hugging Face folder into a `.bstk` file.
///
/// Every linear weight of the decoder layers becomes sign blocks (BitStack, arXiv 2410.23918);
/// everything else is stored as it is. One matrix is in memory at a time, whatever the model's
/// size. The blocks are stacked by the share of their matrix's squared norm (in the scaled domain
/// where there are scales) that they remove, per byte, with the levels of each matrix ascending.
public struct Compressor: Sendable {
  /// The options.
  public let options: CompressionOptions
  /// The scales of the matrices' columns, or nil to decompose the weights as they are.
  public let scales: InputScales?

  /// Makes a compressor.
  ///
  /// - Throws: `LIMIT` when an option is out of range; `NUMERICS` where OpenBLAS is not installed.
  public init(options: CompressionOptions, scales: InputScales? = nil) throws(BSTKError) {
    guard (1...Int(Limits.levelCount)).contains(options.levelCount) else {
      throw BSTKError(
        .limit, "\(options.levelCount) levels; 1 to \(Limits.levelCount) are possible")
    }
    guard (1...Int(Limits.rank)).contains(options.rank) else {
      throw BSTKError(.limit, "rank \(options.rank); 1 to \(Limits.rank) are possible")
    }
    if let count = options.threadCount, count < 1 {
      throw BSTKError(.limit, "\(count) threads; at least 1 is needed")
    }
    try LinearAlgebra.load()
    self.options = options
    self.scales = scales
  }

  /// Compresses a folder. Blocks its thread for as long as that takes.
  ///
  /// - Parameters:
  ///   - path: The file to write, which replaces an older one when it is whole.
  ///   - isCancelled: Asked between levels and tiles.
  ///   - progress: Called between levels and tensors.
  /// - Throws: `MODEL` naming tensor and element when a matrix has values that are not finite,
  ///   `NUMERICS` when a decomposition fails, `CANCELLED`, `IO`, or what the format refuses.
  ///   Nothing is left under `path` then.
  @discardableResult
  public func compress(
    _ folder: any ModelSource, to path: String, isCancelled: () -> Bool = { false },
    progress: @escaping (CompressionProgress) -> Void = { _ in }
  ) throws(BSTKError) -> CompressionResult {
    if let count = options.threadCount { BLAS.threadCount = count }
    let matrices = folder.matrices
    var reporter = CompressionReporter(
      totalByteCount: folder.tensors.reduce(0) { $0 + $1.byteCount }, report: progress)
    var writer = try ModelWriter(path)

    try writer.add(
      folder, except: matrices, reporter: &reporter, isCancelled: isCancelled)
    var blocks: [SpooledBlock] = []
    var results: [CompressionResult.Matrix] = []
    for (index, tensor) in matrices.enumerated() {
      var errors: [Double] = []
      let added = try decompose(tensor, of: folder, into: &writer) { error throws(BSTKError) in
        if let error { errors.append(error) }
        reporter.event(
          .matrices, tensor.name, index: index, of: matrices.count, levelCount: errors.count)
        try Self.check(isCancelled)
      }
      blocks += added
      results.append(CompressionResult.Matrix(name: tensor.name, relativeErrors: errors))
      reporter.doneByteCount += tensor.byteCount
    }
    try Self.check(isCancelled)
    let manifest = try writer.finish(
      stack: StackOrder.byWorthPerByte(blocks),
      extensions: IndexExtensions(provenance: options.provenance)
    ) { written, total throws(BSTKError) in
      reporter.event(.assembling, "", index: written - 1, of: total)
      try Self.check(isCancelled)
    }
    return CompressionResult(manifest: manifest, matrices: results)
  }

  private static func check(_ isCancelled: () -> Bool) throws(BSTKError) {
    if isCancelled() { throw BSTKError(.cancelled, "the compression was cancelled") }
  }
}
