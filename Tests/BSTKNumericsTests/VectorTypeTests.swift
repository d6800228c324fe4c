import BSTKNumerics
import Testing

@Suite struct VectorTypeTests {
  @Test func bytesArePinned() throws {
    let values: [Float] = [1, -2, 0.5, 65504]
    #expect(
      try VectorType.fp16.encode(values.span, rank: 2, length: 2, axis: .columns)
        == [0x00, 0x3C, 0x00, 0xC0, 0x00, 0x38, 0xFF, 0x7B])
    #expect(
      try VectorType.bf16.encode(values.span, rank: 2, length: 2, axis: .columns)
        == [0x80, 0x3F, 0x00, 0xC0, 0x00, 0x3F, 0x80, 0x47])
    let small: [Float] = [127, -2, 63.4, 254]
    // Columns: peaks 127 and 254, scales 1 and 2.
    #expect(
      try VectorType.int8.encode(small.span, rank: 2, length: 2, axis: .columns)
        == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 127, 0xFF, 63, 127])
    // Rows: peaks 127 and 254.
    #expect(
      try VectorType.int8.encode(small.span, rank: 2, length: 2, axis: .rows)
        == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 127, 0xFE, 32, 127])
  }

  @Test(arguments: VectorType.allCases, [ComponentAxis.columns, .rows])
  func roundTripIsWithinHalfAStep(type: VectorType, axis: ComponentAxis) throws {
    for (rank, length) in [(1, 1), (3, 7), (16, 33)] {
      let values = Matrices.gaussian(rows: rank, columns: length, seed: 11)
      let bytes = try type.encode(values.span, rank: rank, length: length, axis: axis)
      #expect(bytes.count == (try type.byteCount(rank: rank, length: length)))
      var decoded = [Float](repeating: .nan, count: values.count)
      var target = decoded.mutableSpan
      try type.decode(bytes.span, rank: rank, length: length, axis: axis, into: &target)
      let peak = values.map { abs($0) }.max() ?? 0
      for (value, stored) in zip(values, decoded) {
        let bound: Float =
          switch type {
          case .fp16: abs(value) * 0x1p-11
          case .bf16: abs(value) * 0x1p-8
          case .int8: peak / 127 * 0.5001
          }
        #expect(abs(value - stored) <= bound)
      }
    }
  }

  @Test func overflowNamesTheComponent() {
    let values: [Float] = [1, 2, 3, 70000, 5, 6]
    #expect(throws: NumericsError.vectorOverflow(component: 1)) {
      try VectorType.fp16.encode(values.span, rank: 2, length: 3, axis: .columns)
    }
    #expect(throws: NumericsError.vectorOverflow(component: 1)) {
      try VectorType.fp16.encode(values.span, rank: 2, length: 3, axis: .rows)
    }
    let bad: [Float] = [1, .nan]
    for type in VectorType.allCases {
      #expect(throws: NumericsError.notFinite(index: 1)) {
        try type.encode(bad.span, rank: 1, length: 2, axis: .rows)
      }
    }
  }

  @Test(arguments: VectorType.allCases)
  func blocksRefuseWrongLengthsAndNonFiniteVectors(type: VectorType) throws {
    let good = try type.byteCount(rank: 1, length: 2)
    let part = [UInt8](repeating: 0, count: good)
    #expect(throws: NumericsError.wrongByteCount(expected: 1, actual: 2)) {
      try SignBlock(
        rows: 2, columns: 2, rank: 1, vectorType: type, signs: [0, 0], u: part, vt: part)
    }
    #expect(throws: NumericsError.wrongByteCount(expected: good, actual: good + 1)) {
      try SignBlock(
        rows: 2, columns: 2, rank: 1, vectorType: type, signs: [0], u: part + [0], vt: part)
    }
    for (rows, columns, rank) in [(0, 2, 1), (2, -1, 1), (2, 2, 0), (Int.max, 2, 1)] {
      #expect(throws: NumericsError.self) {
        try SignBlock(
          rows: rows, columns: columns, rank: rank, vectorType: type, signs: [0], u: part, vt: part)
      }
    }
    let hostile = try SignBlock(
      rows: 2, columns: 2, rank: 1, vectorType: type, signs: [0],
      u: [UInt8](repeating: 0xFF, count: good), vt: part)
    #expect(throws: NumericsError.self) { try Reconstructor([hostile]) }
  }

  @Test func scalesDecodeAsStored() throws {
    // A scale of infinity times the integer 1.
    let hostile: [UInt8] = [0, 0, 0x80, 0x7F, 1]
    var decoded: [Float] = [0]
    var target = decoded.mutableSpan
    try VectorType.int8.decode(hostile.span, rank: 1, length: 1, axis: .rows, into: &target)
    #expect(decoded[0] == .infinity)
  }
}
