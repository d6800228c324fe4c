internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKNumerics
internal import BSTKStore

extension Compressor {
  /// Decomposes a matrix and adds its blocks.
  ///
  /// - Parameter checkpoint: Called before the first level without, then after each level with
  ///   the matrix's relative error.
  func decompose(
    _ tensor: TensorDescription, of folder: any ModelSource, into writer: inout ModelWriter,
    checkpoint: (Double?) throws(BSTKError) -> Void
  ) throws(BSTKError) -> [SpooledBlock] {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let rank = min(options.rank, rows, columns)
    let layout = try BlockLayout(
      rows: rows, columns: columns, rank: rank, vectors: options.vectors)
    try checkpoint(nil)
    var decomposer = try decomposer(of: tensor, in: folder, rank: rank)
    let handle = writer.addMatrix(
      name: tensor.name, sourceType: tensor.type, rows: rows, columns: columns)
    var blocks: [SpooledBlock] = []
    while let level = try Self.next(&decomposer, of: tensor) {
      let error = level.scaledError
      let worth =
        error.squaredNorm > 0
        ? (error.squaredBefore - error.squaredAfter) / error.squaredNorm : 0
      blocks.append(
        try writer.addBlock(
          matrix: handle, rank: rank, vectors: options.vectors,
          payload: level.block.payload(layout).span, worth: Float(worth)))
      try checkpoint(level.weightError.relativeAfter)
    }
    return blocks
  }

  private func decomposer(
    of tensor: TensorDescription, in folder: any ModelSource, rank: Int
  ) throws(BSTKError) -> Decomposer {
    var weights = [Float](repeating: 0, count: tensor.elementCount)
    do {
      var span = weights.mutableSpan
      try folder.readFloats(of: tensor.name, from: 0, into: &span)
    }
    var settings = DecompositionOptions(levels: options.levelCount, rank: rank)
    settings.seed = options.seed
    settings.inputScale = try scales?.scale(of: tensor.name, columns: tensor.shape[1])
    do throws(NumericsError) {
      settings.vectorType = BSTKNumerics.VectorType(options.vectors)
      // Given away, so that the decomposer works on this memory and not on a copy.
      return try Decomposer(
        consume weights, rows: tensor.shape[0], columns: tensor.shape[1], options: settings)
    } catch {
      if case .notFinite(let index) = error {
        throw BSTKError(
          .model,
          "tensor \(tensor.name) holds NaN or infinity at element \(index) (row "
            + "\(index / tensor.shape[1]), column \(index % tensor.shape[1]))",
          remedy: "the weights are damaged; download or save the model again")
      }
      throw Self.failure(error, tensor)
    }
  }

  private static func next(
    _ decomposer: inout Decomposer, of tensor: TensorDescription
  ) throws(BSTKError) -> DecomposedLevel? {
    do throws(NumericsError) {
      return try decomposer.next()
    } catch {
      throw failure(error, tensor)
    }
  }

  private static func failure(_ error: NumericsError, _ tensor: TensorDescription) -> BSTKError {
    BSTKError(
      .numerics, "cannot decompose \(tensor.name): \(error)",
      remedy: "check the tensor's values; bf16 vectors have a larger range than fp16 ones")
  }
}
