import BSTKTestSupport
import Testing

@testable import BSTKCompression

@Suite("The order of planes")
struct HullOrderTests {
  private func matrix(
    _ handle: Int, base: Int = 1, _ byteCounts: [Int], _ losses: [Double]
  ) -> HullOrder.Matrix {
    HullOrder.Matrix(
      handle: handle, baseLevelCount: base, byteCounts: byteCounts, losses: losses)
  }

  private func expect(
    _ matrices: [HullOrder.Matrix], _ order: [(Int, Int)],
    at location: SourceLocation = #_sourceLocation
  ) {
    let stack = HullOrder.stack(matrices)
    #expect(stack.map(\.matrix) == order.map(\.0), sourceLocation: location)
    #expect(stack.map(\.level) == order.map(\.1), sourceLocation: location)
  }

  @Test func `a level that pays only with the next one stands with it`() {
    // Two levels take 40 of 20 bytes, the first alone 1 of 10; the other matrix takes 1.5 a byte.
    let dented = matrix(0, [10, 10, 10, 10], [200, 50, 49, 10, 9])
    let even = matrix(1, [10, 10, 10], [90, 30, 15, 14])
    expect([dented, even], [(0, 1), (0, 2), (1, 1), (0, 3), (1, 2)])
  }

  @Test func `equal slopes stand by matrix, and an even line of levels in one piece`() {
    let even = [matrix(1, [8, 8, 8], [30, 20, 12, 4]), matrix(0, [4, 4, 4], [30, 20, 16, 12])]
    expect(even, [(0, 1), (0, 2), (1, 1), (1, 2)])
  }

  @Test func `the base is not in the stack, and what the base is worth does not count`() {
    let matrices = [
      matrix(0, base: 3, [1, 1, 1, 5], [1000, 900, 100, 50, 49]),
      matrix(1, base: 2, [1, 1, 5], [3, 2, 12, 2]), matrix(2, base: 2, [1, 1], [9, 5, 1]),
    ]
    expect(matrices, [(1, 2), (0, 3)])
  }

  @Test func `levels that make a matrix worse come last, and still in order`() {
    let worse = matrix(0, [10, 10, 10, 10], [50, 5, 6, 7, 8])
    let idle = matrix(1, [10, 10], [50, 5, 5])
    expect([worse, idle], [(1, 1), (0, 1), (0, 2), (0, 3)])
  }

  @Test(arguments: 0..<50) func `no other order of whole edges does better at any of their ends`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let matrices = (0..<5).map { handle in
      let levels = Int.random(in: 1...8, using: &random)
      return matrix(
        handle, base: Int.random(in: 1...levels, using: &random),
        (0..<levels).map { _ in Int.random(in: 1...50, using: &random) },
        (0...levels).map { _ in Double.random(in: 0...100, using: &random) })
    }
    let stack = HullOrder.stack(matrices)
    for matrix in matrices {
      let levels = stack.filter { $0.matrix == matrix.handle }.map(\.level)
      #expect(levels == Array(matrix.baseLevelCount..<matrix.byteCounts.count))
    }
    // Edge after edge their slopes fall: in no other order is less loss left at any of their ends.
    var (bytes, loss) = (0, 0.0)
    var slopes: [Double] = []
    var rest = stack[...]
    while let first = rest.first {
      let edge = edge(of: matrices[first.matrix], from: first.level)
      #expect(rest.prefix(edge.count).allSatisfy { $0.matrix == first.matrix })
      slopes.append(edge.slope)
      bytes += edge.byteCount
      loss += edge.slope * Double(edge.byteCount)
      rest = rest.dropFirst(edge.count)
    }
    #expect(zip(slopes, slopes.dropFirst()).allSatisfy { $0 >= $1 - 1e-12 })
    #expect(bytes == matrices.reduce(0) { $0 + $1.byteCounts[$1.baseLevelCount...].reduce(0, +) })
    let whole = matrices.reduce(0) { $0 + $1.losses[$1.baseLevelCount] - ($1.losses.last ?? 0) }
    #expect(abs(loss - whole) < 1e-9)
  }

  /// The steepest way on from a level, found by trying all ends.
  private func edge(
    of matrix: HullOrder.Matrix, from level: Int
  ) -> (count: Int, byteCount: Int, slope: Double) {
    let ends = (level + 1...matrix.byteCounts.count).map { end in
      let byteCount = matrix.byteCounts[level..<end].reduce(0, +)
      return (
        count: end - level, byteCount: byteCount,
        slope: (matrix.losses[level] - matrix.losses[end]) / Double(byteCount)
      )
    }
    return ends.max { $0.slope < $1.slope } ?? (0, 0, 0)
  }
}
