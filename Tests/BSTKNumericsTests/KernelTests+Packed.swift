import BSTKNumerics
import CKernels
import Testing

extension KernelTests {
  static let packedShapes = [
    (1, 1), (3, 7), (2, 9), (5, 63), (6, 65), (9, 128), (7, 129), (4, 257), (5, 400), (3, 511),
    (6, 576), (11, 640), (2, 1025), (66, 72),
  ]

  /// Whole products of every kind of matrix: rounding, planes, lists, signs and halves.
  @Test(arguments: names, packedShapes)
  func packedProductsAreTheSameBitsInEverySet(name: String, shape: (Int, Int)) throws {
    let (rows, columns) = shape
    for (number, matrix) in try PackedSamples.matrices(rows: rows, columns: columns).enumerated() {
      for tokens in [1, 6] {
        let x = PackedSamples.inputs(tokens * columns, seed: UInt64(tokens))
        #expect(select("scalar"))
        let expected = PackedSamples.multiply(matrix, x)
        guard select(name) else { return }
        let isSame = PackedSamples.multiply(matrix, x) == expected
        #expect(isSame, "matrix \(number), \(tokens) tokens")
      }
    }
  }

  /// The largest integers and inputs: no sum may wrap or saturate.
  @Test(arguments: names, 1...8)
  func extremeIntegersAreExact(name: String, planes: Int) throws {
    guard select(name) else { return }
    let columns = 1100
    let ones = [UInt8](repeating: 0xFF, count: (columns + 7) / 8)
    let unit = try VectorType.fp16.encode([Float(1)].span, rank: 1, length: 1, axis: .columns)
    let v = [Float](repeating: 1, count: columns)
    var matrix = try PackedPlanes(
      rows: 1, columns: columns, plane: ones, vectorType: .fp16, u: unit,
      v: VectorType.fp16.encode(v.span, rank: 1, length: columns, axis: .rows),
      factor: Float(1 << (planes - 1)), gain: 1)
    for _ in 1..<planes { try matrix.append(plane: ones, gain: 1) }
    for input in [Float(1), -1] {
      let x = [Float](repeating: input, count: 5 * columns)
      let y = PackedSamples.multiply(.planes(matrix), x)
      let expected = input * Float((1 << planes - 1) * columns)
      for value in y + PackedSamples.multiply(.planes(matrix), Array(x[..<columns])) {
        #expect(abs(value - expected) <= 1e-6 * abs(expected))
      }
    }
  }

  @Test func signsAreCopiedFromAnyBit() {
    var generator = SeededGenerator(seed: 1)
    let signs = (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
    func bit(_ index: Int) -> UInt8 { signs[index / 8] >> (7 - index % 8) & 1 }
    for first in 0..<17 {
      for count in [1, 2, 7, 8, 9, 15, 16, 63, 64, 65, 100, 200, 320 - first] {
        var out = [UInt8](repeating: 0xA5, count: (count + 7) / 8 + 1)
        // SAFETY: `count` bits from `first` on lie inside; the last byte is a guard.
        unsafe bstk_copy_signs(signs, first, count, &out)
        #expect(out.last == 0xA5)
        for index in 0..<(out.count - 1) * 8 {
          let expected = index < count ? bit(first + index) : 0
          #expect(out[index / 8] >> (7 - index % 8) & 1 == expected)
        }
      }
    }
  }
}
