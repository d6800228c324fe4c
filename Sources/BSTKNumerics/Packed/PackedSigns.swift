internal import CKernels

/// A matrix of sign blocks as it is held in memory, as stored.
///
/// The weights are those of ``Reconstructor``: W = Σ sign ⊙ (U · V^T) over the levels.
public struct PackedSigns: Sendable {
  /// One level.
  private struct Level: Sendable {
    let rank: Int
    let signs: [UInt8]
    let u: PackedVectors
    let vt: PackedVectors

    init(_ block: SignBlock) throws(NumericsError) {
      rank = block.rank
      signs = block.signs
      u = try PackedVectors(
        block.u, type: block.vectorType, rank: rank, length: block.rows, axis: .columns)
      vt = try PackedVectors(
        block.vt, type: block.vectorType, rank: rank, length: block.columns, axis: .rows)
    }

    var byteCount: Int { signs.count + u.byteCount + vt.byteCount }
  }

  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  private var levels: [Level]

  /// The most passes through the signs, one for every token and component, before weights are rebuilt.
  private static let mostPasses = 64

  /// Takes the first level.
  ///
  /// - Throws: `notFinite` when its vectors hold NaN or infinity.
  public init(_ block: SignBlock) throws(NumericsError) {
    rows = block.rows
    columns = block.columns
    levels = [try Level(block)]
  }

  /// The levels held, at least 1.
  public var levelCount: Int { levels.count }

  /// The bytes held.
  public var byteCount: Int { levels.reduce(0) { $0 + $1.byteCount } }

  /// Adds the next level.
  ///
  /// - Throws: `invalidShape` for a level of another shape, `notFinite` when its vectors hold NaN or
  ///   infinity.
  public mutating func append(_ block: SignBlock) throws(NumericsError) {
    guard block.rows == rows, block.columns == columns else {
      throw .invalidShape(
        "a level of \(block.rows) × \(block.columns) in a matrix of \(rows) × \(columns)")
    }
    levels.append(try Level(block))
  }

  /// Frees the last `count` levels.
  ///
  /// - Precondition: at least one stays.
  public mutating func removeLast(_ count: Int) {
    precondition(count >= 0 && count < levels.count, "the first level stays")
    levels.removeLast(count)
  }

  /// The weights of a range of rows that exist, on this thread.
  func rebuild(rows range: Range<Int>, into weights: inout MutableSpan<Float>) {
    rebuild(
      rows: range, vectors: levels.map { $0.vt.values(0..<$0.vt.count) }, into: &weights)
  }

  /// - Parameter vectors: V^T of every level.
  private func rebuild(
    rows range: Range<Int>, vectors: [[Float]], into weights: inout MutableSpan<Float>
  ) {
    let base = LevelAccumulator.firstHeldRow(range.lowerBound)
    let decoded = levels.indices.map { index in
      let level = levels[index]
      let (rank, u) = (level.rank, level.u)
      return DecodedLevel(
        rank: rank, u: u.values(base * rank..<range.upperBound * rank),
        vt: vectors[index], signs: level.signs)
    }
    LevelAccumulator.rebuild(decoded[...], rows: range, columns: columns, into: &weights)
  }

  /// The product of ``PackedMatrix/multiply(_:into:rowStride:firstColumn:precision:)``, whose
  /// preconditions hold.
  func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int, firstColumn: Int,
    precision: ProductPrecision
  ) {
    let tokens = x.count / columns
    guard precision == .rounded, tokens <= TiledProduct.fewTokens,
      tokens * levels.reduce(0, { $0 + $1.rank }) <= Self.mostPasses
    else {
      let vectors = levels.map { $0.vt.values(0..<$0.vt.count) }
      unsafe TiledProduct.multiply(
        rows: rows, columns: columns, x, into: &y, rowStride: rowStride, firstColumn: firstColumn
      ) { range, tile in
        var weights = unsafe tile.mutableSpan
        rebuild(rows: range, vectors: vectors, into: &weights)
      }
      return
    }
    unsafe lend(
      levels[...], gathered: [],
      to: {
        unsafe multiplyBits($0, x, into: &y, rowStride: rowStride, firstColumn: firstColumn)
      })
  }

  private func multiplyBits(
    _ levels: [bstk_signs], _ x: Span<Float>, into y: inout MutableSpan<Float>, rowStride: Int,
    firstColumn: Int
  ) {
    let (rows, columns, tokens) = (rows, columns, x.count / columns)
    let ranks = self.levels.map(\.rank)
    let (count, components, highest) = (ranks.count, ranks.reduce(0, +), ranks.reduce(0, max))
    unsafe RoundedInputs.lend(count: tokens * components, keeping: 1, columns: columns) {
      inputs, first in
      // SAFETY: lent for the duration of the product, written here and then only read.
      nonisolated(unsafe) let (levels, rounded) = unsafe (levels, first)
      unsafe x.withUnsafeBufferPointer { x in
        guard let from = x.baseAddress else { return }
        var next = unsafe rounded
        for token in 0..<tokens {
          for index in 0..<count {
            let level = unsafe levels[index]
            for component in unsafe 0..<level.vt.rank {
              // SAFETY: the inputs of one token, and room for as many.
              unsafe withUnsafePointer(to: level) {
                unsafe bstk_signs_inputs($0, component, from + token * columns, inputs)
              }
              unsafe bstk_round_inputs(inputs, columns, 1, next)
              unsafe next += 1
            }
          }
        }
      }
      let stripRows = Int(BSTK_SIGN_ROWS)
      let stripBytes = stripRows * PlanePacking.rowByteCount(columns: columns)
      unsafe TiledProduct.multiply(
        rows: rows, columns: columns, tokens: tokens, into: &y, rowStride: rowStride,
        firstColumn: firstColumn
      ) { range, token, out in
        unsafe out.update(repeating: 0, count: range.count)
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: stripBytes) { bytes in
          unsafe withUnsafeTemporaryAllocation(
            of: Float.self, capacity: stripRows * (highest + 1)
          ) { factors in
            var next = unsafe rounded + token * components
            for index in 0..<count {
              let level = unsafe levels[index]
              // SAFETY: rows that exist, and room for a value of each; scratch as the header says.
              unsafe withUnsafePointer(to: level) {
                unsafe bstk_signs_product(
                  $0, range.lowerBound, range.count, next, bytes.baseAddress, factors.baseAddress,
                  out)
              }
              unsafe next += level.u.rank
            }
          }
        }
      }
    }
  }

  /// Lends the levels as the kernels take them.
  private func lend(
    _ levels: ArraySlice<Level>, gathered: [bstk_signs], to body: ([bstk_signs]) -> Void
  ) {
    guard let level = levels.first else {
      unsafe body(gathered)
      return
    }
    unsafe level.signs.withUnsafeBufferPointer { signs in
      unsafe level.u.lend { u in
        unsafe level.vt.lend { vt in
          // SAFETY: the pointers are used only inside the closures that lend them.
          let one = unsafe bstk_signs(
            rows: rows, columns: columns, signs: signs.baseAddress, u: u, vt: vt)
          unsafe lend(levels.dropFirst(), gathered: gathered + [one], to: body)
        }
      }
    }
  }
}
