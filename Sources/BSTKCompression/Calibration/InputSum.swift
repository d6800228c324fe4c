internal import BSTKInference
internal import BSTKNumerics

/// The running sums behind one ``InputStatistics/Layer``, in double precision where they are long.
struct InputSum {
  private let width: Int
  private let windowLength: Int
  private var norms: [Double]
  private var moments: [Float]?
  private var windowCount = 0

  init(width: Int, windowLength: Int, gathersSecondMoments: Bool) {
    self.width = width
    self.windowLength = windowLength
    norms = [Double](repeating: 0, count: width)
    moments = gathersSecondMoments ? [Float](repeating: 0, count: width * width) : nil
  }

  /// Adds whole windows, tokens × width.
  mutating func add(_ input: Span<Float>) {
    let windows = input.count / (windowLength * width)
    precondition(windows * windowLength * width == input.count, "a tile has whole windows")
    for window in 0..<windows {
      var squares = [Double](repeating: 0, count: width)
      let start = window * windowLength
      for row in start..<(start + windowLength) {
        Kernels.addSquares(input.extracting(row * width..<(row + 1) * width), to: &squares)
      }
      for channel in 0..<width { norms[channel] += squares[channel].squareRoot() }
    }
    if var moments {
      self.moments = nil
      var span = moments.mutableSpan
      let rows = input.count / width
      BLAS.gemm(
        transposeA: true, m: width, n: width, k: rows, alpha: 1, a: input, lda: width, b: input,
        ldb: width, beta: 1, c: &span, ldc: width)
      self.moments = moments
    }
    windowCount += windows
  }

  var statistics: InputStatistics.Layer {
    let windows = Double(max(windowCount, 1))
    let positions = Float(max(windowCount * windowLength, 1))
    return InputStatistics.Layer(
      channelNorms: norms.map { Float($0 / windows) },
      secondMoments: moments.map { $0.map { $0 / positions } })
  }
}
