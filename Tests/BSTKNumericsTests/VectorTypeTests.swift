import BSTKNumerics
import Foundation
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
      let signed = Matrices.gaussian(rows: rank, columns: length, seed: 11)
      let values = type == .log8 ? signed.map { abs($0) } : signed
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
          // Half a sixteenth of an octave, or below the last step.
          case .log8: max(abs(value) * 0.0220, peak * 0x1p-15)
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
    for byte: UInt8 in [1, 255] {
      let hostile: [UInt8] = [0, 0, 0x80, 0xFF, byte]
      target = decoded.mutableSpan
      try VectorType.log8.decode(hostile.span, rank: 1, length: 1, axis: .rows, into: &target)
      #expect(decoded[0] == -.infinity)
    }
  }

  @Test func log8BytesArePinned() throws {
    // Columns with peaks 4 and 3; 2^(−1/16) = 0.9576, 2^(−16/16) = 0.5.
    let values: [Float] = [4, 0, 4 * 0.9576, 3, 2, 1.5, 1e-9, -0.0]
    #expect(
      try VectorType.log8.encode(values.span, rank: 2, length: 4, axis: .columns)
        == [0, 0, 0x80, 0x40, 0, 0, 0x40, 0x40, 0, 255, 1, 0, 16, 16, 254, 255])
    let zeros: [Float] = [0, 0]
    #expect(
      try VectorType.log8.encode(zeros.span, rank: 1, length: 2, axis: .rows)
        == [0, 0, 0, 0, 255, 255])
  }

  @Test(arguments: [Float(1), -2.5, 1e-30, 3e38, .leastNormalMagnitude])
  func everyLog8ByteDecodesToItsPower(scale: Float) throws {
    let bits = scale.bitPattern
    let stored = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) } + (0...255)
    var decoded = [Float](repeating: .nan, count: 256)
    var target = decoded.mutableSpan
    try VectorType.log8.decode(stored.span, rank: 1, length: 256, axis: .columns, into: &target)
    for byte in 0..<255 {
      #expect(decoded[byte] == Float(Double(scale) * exp2(-Double(byte) / 16)))
    }
    #expect(decoded[255].bitPattern == 0)
    // Every value that a byte stands for is encoded as that byte.
    guard scale > 0, scale > 1e-20 else { return }
    #expect(
      try VectorType.log8.encode(decoded.span, rank: 1, length: 256, axis: .columns) == stored)
  }

  @Test func log8TakesTheNearestInLogarithm() throws {
    var generator = SeededGenerator(seed: 8)
    let values = [1] + (0..<2000).map { _ in exp2(Float.random(in: -15.8...0, using: &generator)) }
    let bytes = try VectorType.log8.encode(
      values.span, rank: 1, length: values.count, axis: .columns)
    for (value, byte) in zip(values, bytes[4...]) {
      #expect(abs(-16 * log2(Double(value)) - Double(byte)) <= 0.5 + 1e-9)
    }
  }

  @Test func log8RefusesNegativeValues() {
    let values: [Float] = [1, -0.0, 2, -1e-30]
    #expect(throws: NumericsError.negativeValue(index: 3)) {
      try VectorType.log8.encode(values.span, rank: 2, length: 2, axis: .rows)
    }
  }
}
