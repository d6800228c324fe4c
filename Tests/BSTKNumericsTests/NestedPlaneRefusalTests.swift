import BSTKNumerics
import Testing

@Suite struct NestedPlaneRefusalTests {
  /// Parts of a 2 × 9 matrix of two planes, to be spoilt one at a time.
  struct Parts {
    var rows = 2
    var columns = 9
    var u: [Float] = [1, 2]
    var v = [Float](repeating: 1, count: 9)
    var factor: Float = 1
    var gain: Float = 1
    var planes: [[UInt8]] = [[1, 2, 3, 4], [5, 6, 7, 8]]
    var positions: [UInt32] = [0, 17]
    var excess: [Float] = [1, -1]

    func matrix() throws(NumericsError) -> NestedPlaneMatrix {
      try NestedPlaneMatrix(
        rows: rows, columns: columns, u: u, v: v, factor: factor, gain: gain, planes: planes,
        excess: SparseExcess(positions: positions, values: excess, elementCount: 18))
    }
  }

  private func refusal(_ spoil: (inout Parts) -> Void) -> NumericsError? {
    var parts = Parts()
    spoil(&parts)
    do throws(NumericsError) { _ = try parts.matrix() } catch { return error }
    return nil
  }

  private func isInvalidShape(_ error: NumericsError?) -> Bool {
    if case .invalidShape = error { true } else { false }
  }

  @Test func theUnspoiltPartsAreTaken() { #expect(refusal { _ in } == nil) }

  @Test func impossibleShapes() {
    #expect(isInvalidShape(refusal { $0.rows = 0 }))
    #expect(isInvalidShape(refusal { $0.columns = -9 }))
    #expect(isInvalidShape(refusal { ($0.rows, $0.columns) = (Int.max, 2) }))
    #expect(isInvalidShape(refusal { ($0.rows, $0.columns) = (1 << 15, 1 << 15 + 1) }))
    #expect(isInvalidShape(refusal { $0.u.append(1) }))
    #expect(isInvalidShape(refusal { $0.v.removeLast() }))
    #expect(isInvalidShape(refusal { $0.planes = [] }))
    #expect(isInvalidShape(refusal { $0.planes = Array(repeating: [1, 2, 3, 4], count: 9) }))
    #expect(isInvalidShape(refusal { $0.excess = [1] }))
  }

  @Test func planesOfAnotherLength() {
    #expect(
      refusal { $0.planes[1].append(0) } == .wrongByteCount(expected: 4, actual: 5))
    // Packed without a byte border between rows.
    #expect(
      refusal { $0.planes[0] = [1, 2, 3] } == .wrongByteCount(expected: 4, actual: 3))
  }

  @Test func positionsOutOfOrderOrOutside() {
    #expect(refusal { $0.positions = [0, 18] } == .invalidPosition(index: 1))
    #expect(refusal { $0.positions = [.max, 17] } == .invalidPosition(index: 0))
    #expect(refusal { $0.positions = [5, 5] } == .invalidPosition(index: 1))
    #expect(refusal { $0.positions = [6, 5] } == .invalidPosition(index: 1))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func valuesThatAreNoNumbers(value: Float) {
    #expect(refusal { $0.u[1] = value } == .notFinite(index: 1))
    #expect(refusal { $0.v[8] = value } == .notFinite(index: 8))
    #expect(refusal { $0.excess[1] = value } == .notFinite(index: 1))
    #expect(refusal { $0.factor = value } == .scaleOutOfRange)
    #expect(refusal { $0.gain = value } == .scaleOutOfRange)
  }

  @Test func valuesThatCouldOverflow() {
    #expect(refusal { $0.gain = -1024 } == nil)
    #expect(refusal { $0.gain = Float(1024).nextUp } == .scaleOutOfRange)
    // 2 · 1 · (2048 · f + 1) is 2^120 where f is 2^108.
    #expect(refusal { $0.factor = 0x1p107 } == nil)
    #expect(refusal { $0.factor = -0x1p108 } == .scaleOutOfRange)
    #expect(refusal { $0.excess[0] = 0x1p119 } == .scaleOutOfRange)
    #expect(
      refusal { ($0.u[0], $0.v[0]) = (0x1p100, 0x1p20) } == .scaleOutOfRange)
  }
}
