import BSTKNumerics
import CKernels
import Testing

/// Planes of random bits, those beyond the columns included.
struct RandomPlanes {
  let columns: Int
  let planes: [[UInt8]]

  init(count: Int, rows: Int, columns: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.columns = columns
    planes = (0..<count).map { _ in
      (0..<rows * ((columns + 7) / 8)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
  }

  /// B(row, column), bit by bit.
  func integer(row: Int, column: Int) -> Int {
    planes.reduce(0) { integer, plane in
      let byte = plane[row * ((columns + 7) / 8) + column / 8]
      return integer * 2 + Int(byte >> (7 - column % 8) & 1)
    }
  }

  /// Lends pointers to row `row` of every plane.
  func withPointers(fromRow row: Int, _ body: (UnsafePointer<UnsafePointer<UInt8>?>) -> Void) {
    let planeBytes = planes[0].count
    let offset = row * ((columns + 7) / 8)
    let joined = planes.flatMap { $0 }
    unsafe joined.withUnsafeBufferPointer { bytes in
      let starts = unsafe planes.indices.map { plane in
        unsafe bytes.baseAddress.map { unsafe $0 + plane * planeBytes + offset }
      }
      unsafe starts.withUnsafeBufferPointer { starts in
        guard let first = starts.baseAddress else { return }
        unsafe body(first)
      }
    }
  }
}

extension KernelTests {
  static let columnCounts = [1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 576, 577]

  @Test(arguments: names, 1...8) func planesRebuildToTheDefinition(name: String, count: Int) {
    guard select(name) else { return }
    let rows = 4
    for columns in Self.columnCounts {
      let planes = RandomPlanes(
        count: count, rows: rows, columns: columns, seed: UInt64(columns * 8 + count))
      var generator = SeededGenerator(seed: UInt64(columns))
      // One more in front, so that the vector is not aligned.
      var v = (0...columns).map { _ in Float.random(in: -3...3, using: &generator) }
      v[columns / 2 + 1] = [0, -0.0, 1e-38, .leastNonzeroMagnitude][columns % 4]
      let scales: [Float] = [0.7, -1e-3, 3e37, 0x1p-140]
      var out = [Float](repeating: 99, count: (rows - 1) * columns + 2)
      unsafe planes.withPointers(fromRow: 1) { pointers in
        unsafe out.withUnsafeMutableBufferPointer { out in
          unsafe v.withUnsafeBufferPointer { v in
            unsafe scales.withUnsafeBufferPointer { scales in
              guard let target = out.baseAddress, let vector = v.baseAddress,
                let scale = scales.baseAddress
              else { return }
              // SAFETY: rows 1 to 3 of the planes; the first and last elements are guards.
              unsafe bstk_rebuild_planes(
                pointers, count, rows - 1, columns, scale + 1, vector + 1, target + 1)
            }
          }
        }
      }
      #expect(out.first == 99 && out.last == 99)
      var wrong = 0
      for row in 1..<rows {
        for column in 0..<columns {
          let odd = 2 * planes.integer(row: row, column: column) - (1 << count - 1)
          let expected = (scales[row] * v[column + 1]) * Float(odd)
          let actual = out[(row - 1) * columns + column + 1]
          if actual.bitPattern != expected.bitPattern { wrong += 1 }
        }
      }
      #expect(wrong == 0, "\(columns) columns")
    }
  }

  @Test(arguments: names, 1...8) func planesExpandAndPackAgain(name: String, count: Int) {
    guard select(name) else { return }
    let rows = 3
    for columns in Self.columnCounts {
      let planes = RandomPlanes(
        count: count, rows: rows, columns: columns, seed: UInt64(columns * 8 + count))
      var integers = [UInt8](repeating: 0xA5, count: (rows - 1) * columns + 1)
      unsafe planes.withPointers(fromRow: 1) { pointers in
        // SAFETY: rows 1 and 2; the last integer is a guard.
        unsafe bstk_expand_planes(pointers, count, rows - 1, columns, &integers)
      }
      #expect(integers.last == 0xA5)
      let expected = (0..<(rows - 1) * columns).map { index in
        UInt8(planes.integer(row: 1 + index / columns, column: index % columns))
      }
      #expect(integers.dropLast() == expected[...], "\(columns) columns")

      let rowBytes = (columns + 7) / 8
      for bit in 0..<8 {
        var plane = [UInt8](repeating: 0x5A, count: rowBytes + 1)
        // SAFETY: one row; the last byte is a guard.
        unsafe bstk_pack_plane(integers, columns, UInt32(bit), &plane)
        #expect(plane.last == 0x5A)
        let valid = UInt8(truncatingIfNeeded: 0xFF00 >> (columns - 8 * (rowBytes - 1)))
        var bytes = [UInt8](repeating: 0, count: rowBytes)
        if bit < count {
          bytes = Array(planes.planes[count - 1 - bit][rowBytes..<2 * rowBytes])
          bytes[rowBytes - 1] &= valid
        }
        #expect(plane.dropLast() == bytes[...], "bit \(bit) of \(columns) columns")
      }
    }
  }

  /// Sets add in different orders, so codes may differ where two are nearly as good.
  @Test(arguments: names, [(70, 300), (33, 40), (9, 129)])
  func everySetCodesAsWell(name: String, shape: (Int, Int)) throws {
    let problem = NestedPlaneEncoderTests.Problem(rows: shape.0, columns: shape.1)
    #expect(select("scalar"))
    let expected = try problem.encode().losses
    guard select(name) else { return }
    let losses = try problem.encode().losses
    for (loss, other) in zip(losses, expected) {
      #expect(abs(loss / other - 1) <= 1e-3, "\(losses) for \(expected)")
    }
  }
}
