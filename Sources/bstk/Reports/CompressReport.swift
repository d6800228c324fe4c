internal import BSTKCodec
internal import BSTKFormat
internal import BSTKCompression

/// What `bstk compress` wrote.
struct CompressReport: Encodable {
  struct Matrix: Encodable {
    let name: String
    /// The relative error with one level, two, and so on; of planes in the measure that they were
    /// chosen by, which a calibration gives.
    let relativeErrors: [Double]
  }

  let file: String
  let bytes: UInt64
  let baseBytes: UInt64
  /// Bytes of the tensors that were read.
  let sourceBytes: UInt64
  let blocks: Int
  let rootDigest: String
  let matrices: [Matrix]

  init(file: String, sourceByteCount: UInt64, result: CompressionResult) {
    self.file = file
    sourceBytes = sourceByteCount
    bytes = result.manifest.header.storedByteCount
    baseBytes = result.manifest.header.baseEnd
    blocks = result.manifest.blockCount
    rootDigest = result.manifest.rootDigest.hex
    matrices = result.matrices.map { Matrix(name: $0.name, relativeErrors: $0.relativeErrors) }
  }

  /// Two lines for people.
  var text: String {
    """
    \(file.printable): \(ByteFormat.both(bytes)) from \(ByteFormat.both(sourceBytes)) of tensors, \
    \(matrices.count) matrices in \(blocks) blocks
    usable from \(ByteFormat.both(baseBytes)) on; root digest \(rootDigest)
    """
  }

  /// Shows how far a compression has come.
  static func update(_ bar: StepBar, _ step: CalibratedCompression.Step) {
    switch step {
    case .calibrating(let progress): bar.update("calibrating", progress)
    case .compressing(let event):
      bar.update(
        "compressing", completed: UInt64(event.doneByteCount),
        total: UInt64(event.totalByteCount), details: [place(event)])
    case .ordering(let progress): bar.update("weighing blocks", progress)
    case .evaluating(let progress): bar.update("measuring quality", progress)
    case .writing(let progress): bar.update("writing", progress)
    }
  }

  /// Such as `matrix 3 of 28, level 2`.
  static func place(_ event: CompressionProgress) -> String {
    switch event.phase {
    case .tensors: "tensor \(event.index + 1) of \(event.count)"
    case .matrices:
      "matrix \(event.index + 1) of \(event.count)"
        + (event.levelCount > 0 ? ", level \(event.levelCount)" : "")
    case .assembling: "writing, chunk \(event.index + 1) of \(event.count)"
    }
  }
}
