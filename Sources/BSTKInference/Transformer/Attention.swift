internal import BSTKNumerics
internal import Synchronization

/// Grouped-query attention of one text's rows over its cached keys and values.
///
/// Heads are shared out over threads, each of them one thread's work, so that sums do not depend on
/// how many there are.
struct Attention {
  /// Query rows handled at once, so that scores take rows × positions and not positions squared.
  private static let blockRows = 256
  /// Products of fewer numbers than this are not worth a second thread.
  private static let sharedElements = 1 << 15

  private let headCount: Int
  private let keyValueHeadCount: Int
  private let width: Int
  private var queryHeads: [Float] = []

  init(configuration: ModelConfiguration) {
    headCount = configuration.headCount
    keyValueHeadCount = configuration.keyValueHeadCount
    width = configuration.headDimension
  }

  /// Rotates the segment's queries and keys, adds keys and values to the cache, and writes the
  /// attended rows into the segment's rows of `out`.
  mutating func run(
    query: [Float], key: [Float], value: [Float], segment: LayerRunner.Segment, window: Int?,
    cache: inout LayerCache, into out: inout [Float]
  ) {
    let tokens = segment.rows.count
    let first = segment.firstPosition
    cache.reserve(first + tokens, keeping: first)
    queryHeads.resize(headCount * tokens * width)

    let angles = segment.angles
    let stride = cache.stride
    Self.split(
      query, segment.rows, heads: headCount, width: width, angles: angles, into: &queryHeads,
      offset: 0, stride: tokens * width)
    Self.split(
      key, segment.rows, heads: keyValueHeadCount, width: width, angles: angles,
      into: &cache.keys, offset: first * width, stride: stride)
    Self.split(
      value, segment.rows, heads: keyValueHeadCount, width: width, angles: nil,
      into: &cache.values, offset: first * width, stride: stride)

    for start in Swift.stride(from: 0, to: tokens, by: Self.blockRows) {
      let block = start..<min(start + Self.blockRows, tokens)
      let firstQuery = first + start
      let firstKey = window.map { max(0, firstQuery + 1 - $0) } ?? 0
      let columns = first + block.upperBound - firstKey
      attend(
        Block(
          queries: block, tokens: tokens, firstQuery: firstQuery, firstKey: firstKey,
          columns: columns, window: window, keyStride: stride,
          outStart: (segment.rows.lowerBound + start) * headCount * width),
        keys: cache.keys, values: cache.values, into: &out)
    }
  }

  /// Some of a text's queries and what they see.
  private struct Block {
    /// Their places among the text's rows, of which there are `tokens`.
    let queries: Range<Int>
    let tokens: Int
    let firstQuery: Int
    let firstKey: Int
    /// Keys, from the first one on.
    let columns: Int
    let window: Int?
    /// Elements of the cache from one head to the next.
    let keyStride: Int
    /// Where the first query's attended row begins.
    let outStart: Int
  }

  private func attend(
    _ block: Block, keys: [Float], values: [Float], into out: inout [Float]
  ) {
    let rows = block.queries.count
    let elements = rows * block.columns * width * headCount
    let workers = elements < Self.sharedElements ? 1 : min(BLAS.threadCount, headCount)
    let taken = Atomic(0)
    let headCount = headCount
    BLAS.withSerialProducts {
      unsafe keys.withUnsafeBufferPointer { keys in
        unsafe values.withUnsafeBufferPointer { values in
          unsafe out.withUnsafeMutableBufferPointer { out in
            // SAFETY: every head writes its own columns of the output; the rest is only read.
            nonisolated(unsafe) let (keys, values, out) = unsafe (keys, values, out)
            Crew.shared.forEach(workers) { _ in
              let scratch = UnsafeMutableBufferPointer<Float>.allocate(
                capacity: rows * (block.columns + width))
              defer { unsafe scratch.deallocate() }
              while true {
                let head = taken.wrappingAdd(1, ordering: .relaxed).oldValue
                guard head < headCount else { return }
                unsafe attend(head, block, keys, values, scratch, into: out)
              }
            }
          }
        }
      }
    }
  }

  /// One head's part.
  ///
  /// - Parameter scratch: Rows × (columns + width).
  private func attend(
    _ head: Int, _ block: Block, _ keys: UnsafeBufferPointer<Float>,
    _ values: UnsafeBufferPointer<Float>, _ scratch: UnsafeMutableBufferPointer<Float>,
    into out: UnsafeMutableBufferPointer<Float>
  ) {
    let (rows, columns) = (block.queries.count, block.columns)
    let offset =
      head / (headCount / keyValueHeadCount) * block.keyStride + block.firstKey * width
    let queries = queryHeads.span.extracting(
      droppingFirst: (head * block.tokens + block.queries.lowerBound) * width)
    let keys = unsafe keys.span.extracting(droppingFirst: offset)
    let values = unsafe values.span.extracting(droppingFirst: offset)
    // SAFETY: parts of the scratch that do not overlap.
    var scores = unsafe MutableSpan(_unsafeElements: .init(rebasing: scratch[..<(rows * columns)]))
    if rows == 1 {
      BLAS.gemv(
        rows: columns, columns: width, a: keys, lda: width, x: queries, y: &scores)
    } else {
      BLAS.gemm(
        transposeB: true, m: rows, n: columns, k: width, a: queries, lda: width, b: keys,
        ldb: width, c: &scores, ldc: columns)
    }
    Kernels.maskedSoftmax(
      &scores, rows: rows, columns: columns, firstQuery: block.firstQuery,
      firstKey: block.firstKey, window: block.window, scale: 1 / Float(width).squareRoot())
    var all = unsafe MutableSpan(
      _unsafeElements: .init(rebasing: out[block.outStart..<block.outStart + rows * rowWidth]))
    if rows == 1 {
      var attended = all._mutatingExtracting(head * width..<(head + 1) * width)
      BLAS.gemv(
        transposeA: true, rows: columns, columns: width, a: values, lda: width, x: scores.span,
        y: &attended)
    } else {
      var weighted = unsafe MutableSpan(
        _unsafeElements: .init(rebasing: scratch[(rows * columns)...]))
      BLAS.gemm(
        m: rows, n: width, k: columns, a: scores.span, lda: columns, b: values, ldb: width,
        c: &weighted, ldc: width)
      Kernels.mergeHead(
        weighted.span, head: head, width: width, into: &all, outStride: rowWidth)
    }
  }

  /// Elements of an attended row.
  private var rowWidth: Int { headCount * width }

  /// Static so that the buffers it touches are seen to differ.
  private static func split(
    _ source: [Float], _ rows: Range<Int>, heads: Int, width: Int, angles: RotaryAngles?,
    into out: inout [Float], offset: Int, stride: Int
  ) {
    let row = heads * width
    var all = out.mutableSpan
    var part = all._mutatingExtracting(droppingFirst: offset)
    Kernels.splitHeads(
      source.span.extracting(rows.lowerBound * row..<rows.upperBound * row), heads: heads,
      width: width, angles: angles, into: &part, outStride: stride)
  }
}
