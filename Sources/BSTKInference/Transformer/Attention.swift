internal import BSTKNumerics

/// Grouped-query attention of one text's rows over its cached keys and values.
struct Attention {
  /// Query rows handled at once, so that scores take rows × positions and not positions squared.
  private static let blockRows = 256

  private let headCount: Int
  private let keyValueHeadCount: Int
  private let width: Int
  private var queryHeads: [Float] = []
  private var scores: [Float] = []
  private var weighted: [Float] = []

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

    if tokens == 1 {
      for head in 0..<headCount {
        attend(
          head: head, position: first, window: window, cache: cache, row: segment.rows.lowerBound,
          into: &out)
      }
      return
    }
    for start in Swift.stride(from: 0, to: tokens, by: Self.blockRows) {
      let block = start..<min(start + Self.blockRows, tokens)
      for head in 0..<headCount {
        attend(
          head: head, block: block, tokens: tokens, first: first, window: window, cache: cache,
          outRow: segment.rows.lowerBound + block.lowerBound, into: &out)
      }
    }
  }

  /// One head's queries of one block of rows.
  private mutating func attend(
    head: Int, block: Range<Int>, tokens: Int, first: Int, window: Int?, cache: LayerCache,
    outRow: Int, into out: inout [Float]
  ) {
    let firstQuery = first + block.lowerBound
    let firstKey = window.map { max(0, firstQuery + 1 - $0) } ?? 0
    let columns = first + block.upperBound - firstKey
    let offset = head / (headCount / keyValueHeadCount) * cache.stride + firstKey * width
    scores.resize(block.count * columns)
    weighted.resize(block.count * width)

    Self.multiply(
      rows: block.count, columns: columns, inner: width, queryHeads,
      (head * tokens + block.lowerBound) * width, cache.keys, offset, transposed: true,
      into: &scores)
    Self.softmax(
      &scores, rows: block.count, columns: columns, firstQuery: firstQuery, firstKey: firstKey,
      window: window, width: width)
    Self.multiply(
      rows: block.count, columns: width, inner: columns, scores, 0, cache.values, offset,
      transposed: false, into: &weighted)
    let outWidth = headCount * width
    var all = out.mutableSpan
    var rows = all._mutatingExtracting(droppingFirst: outRow * outWidth)
    Kernels.mergeHead(weighted.span, head: head, width: width, into: &rows, outStride: outWidth)
  }

  /// One head's query of the only token.
  private mutating func attend(
    head: Int, position: Int, window: Int?, cache: LayerCache, row: Int, into out: inout [Float]
  ) {
    let firstKey = window.map { max(0, position + 1 - $0) } ?? 0
    let columns = position + 1 - firstKey
    let offset = head / (headCount / keyValueHeadCount) * cache.stride + firstKey * width
    scores.resize(columns)
    Self.multiply(
      rows: columns, columns: width, cache.keys, offset, queryHeads, head * width, into: &scores,
      0)
    Self.softmax(
      &scores, rows: 1, columns: columns, firstQuery: position, firstKey: firstKey, window: window,
      width: width)
    Self.multiply(
      rows: columns, columns: width, cache.values, offset, scores, 0, transposed: true, into: &out,
      (row * headCount + head) * width)
  }

  // MARK: Steps on one buffer, static so that the buffers they touch are seen to differ

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

  /// out ← a · b or a · bᵀ, both compact from their offsets on.
  private static func multiply(
    rows: Int, columns: Int, inner: Int, _ a: [Float], _ aOffset: Int, _ b: [Float],
    _ bOffset: Int, transposed: Bool, into out: inout [Float]
  ) {
    var products = out.mutableSpan
    BLAS.gemm(
      transposeB: transposed, m: rows, n: columns, k: inner,
      a: a.span.extracting(droppingFirst: aOffset), lda: inner,
      b: b.span.extracting(droppingFirst: bOffset), ldb: transposed ? inner : columns,
      c: &products, ldc: columns)
  }

  /// out ← a · x or aᵀ · x, all compact from their offsets on.
  private static func multiply(
    rows: Int, columns: Int, _ a: [Float], _ aOffset: Int, _ x: [Float], _ xOffset: Int,
    transposed: Bool = false, into out: inout [Float], _ outOffset: Int
  ) {
    var all = out.mutableSpan
    var products = all._mutatingExtracting(droppingFirst: outOffset)
    BLAS.gemv(
      transposeA: transposed, rows: rows, columns: columns,
      a: a.span.extracting(droppingFirst: aOffset), lda: columns,
      x: x.span.extracting(droppingFirst: xOffset), y: &products)
  }

  private static func softmax(
    _ scores: inout [Float], rows: Int, columns: Int, firstQuery: Int, firstKey: Int,
    window: Int?, width: Int
  ) {
    var span = scores.mutableSpan
    Kernels.maskedSoftmax(
      &span, rows: rows, columns: columns, firstQuery: firstQuery, firstKey: firstKey,
      window: window, scale: 1 / Float(width).squareRoot())
  }
}
