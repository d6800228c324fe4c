import CKernels
import Testing

/// Every instruction set against plain Swift, at every tail length and misaligned.
@Suite(.serialized) struct KernelTests {
  #if arch(arm64)
    static let names = ["scalar", "neon"]
  #else
    static let names = ["scalar", "avx2", "avx512", "avx512vnni"]
  #endif
  static let lengths = Array(0...130)

  /// Selects a set; prints and answers false where the processor lacks it.
  func select(_ name: String) -> Bool {
    // SAFETY: a null-terminated string.
    if unsafe bstk_kernels_select(name) == 1 { return true }
    print("skipped: this processor has no \(name)")
    return false
  }

  private func values(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    let special: [Float] = [
      0, -0.0, 1, -1, 65504, 65519.996, 65520, -7e4, 6e-8, 2.98e-8, 2.9802326e-8, 5.9e-8, -6.1e-5,
      6.1035156e-5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
    ]
    return (0..<count).map { index in
      index % 3 == 2
        ? special.randomElement(using: &generator) ?? 0
        : Float.random(in: -4...4, using: &generator)
    }
  }

  @Test(arguments: names) func narrowToFP16(name: String) {
    guard select(name) else { return }
    for count in Self.lengths {
      let input = values(count + 1, seed: UInt64(count))
      var output = [UInt16](repeating: 0xABCD, count: count + 2)
      unsafe input.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
          guard let source = input.baseAddress, let target = output.baseAddress else { return }
          // SAFETY: `count` elements from index 1 on; the last output element is a guard.
          unsafe bstk_f32_to_f16(source + 1, target + 1, count)
        }
      }
      for index in 1..<count + 1 { #expect(output[index] == Float16(input[index]).bitPattern) }
      #expect(output[0] == 0xABCD && output[count + 1] == 0xABCD)
    }
  }

  @Test(arguments: names) func everyFP16AndBF16Widens(name: String) {
    guard select(name) else { return }
    let patterns = (0...UInt16.max).map { $0 }
    var halves = [Float](repeating: 0, count: patterns.count)
    var brains = halves
    // SAFETY: all arrays have the same count.
    unsafe bstk_f16_to_f32(patterns, &halves, patterns.count)
    unsafe bstk_bf16_to_f32(patterns, &brains, patterns.count)
    var wrong = 0
    for pattern in patterns {
      let half = Float(Float16(bitPattern: pattern))
      let index = Int(pattern)
      if half.isNaN ? !halves[index].isNaN : halves[index].bitPattern != half.bitPattern {
        wrong += 1
      }
      if brains[index].bitPattern != UInt32(pattern) << 16 { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: names) func narrowToBF16RoundsToNearestEven(name: String) {
    guard select(name) else { return }
    // (binary32, bfloat16): ties to even both ways, overflow by rounding, NaN payloads kept quiet.
    let cases: [(UInt32, UInt16)] = [
      (0x3F80_8000, 0x3F80), (0x3F81_8000, 0x3F82), (0x3F80_8001, 0x3F81),
      (0x3F80_7FFF, 0x3F80), (0x7F7F_FFFF, 0x7F80), (0x7F80_0000, 0x7F80),
      (0x7F80_0001, 0x7FC0), (0xFFFF_FFFF, 0xFFFF), (0x8000_0000, 0x8000),
      (0x0000_8000, 0x0000), (0x0001_8000, 0x0002),
    ]
    for repeats in 1...5 {
      let input = (0..<repeats).flatMap { _ in cases.map { Float(bitPattern: $0.0) } }
      var output = [UInt16](repeating: 0, count: input.count)
      // SAFETY: both arrays have `input.count` elements.
      unsafe bstk_f32_to_bf16(input, &output, input.count)
      #expect(output == (0..<repeats).flatMap { _ in cases.map { $0.1 } })
    }
  }

  @Test(arguments: names) func splitAndStep(name: String) {
    guard select(name) else { return }
    for count in Self.lengths {
      let input = values(count, seed: UInt64(count)).map { $0.isFinite && abs($0) < 1e9 ? $0 : 2 }
      var absolute = input
      // One byte more than needed, to see that it is left alone.
      var signs = [UInt8](repeating: 0xA5, count: (count + 7) / 8 + 1)
      // SAFETY: `count` values, and a bit for each.
      let squares = unsafe bstk_split_signs(&absolute, &signs, count)
      for index in 0..<count {
        #expect(absolute[index].bitPattern == abs(input[index]).bitPattern)
        #expect(signs[index / 8] >> (7 - index % 8) & 1 == (input[index] >= 0 ? 1 : 0))
      }
      #expect(signs.last == 0xA5)
      if count % 8 != 0 { #expect(signs[count / 8] & (0xFF >> (count % 8)) == 0) }
      let expected = input.reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(squares - expected) <= 1e-12 * expected)

      var generator = SeededGenerator(seed: UInt64(count))
      let magnitude = absolute.map { Bool.random(using: &generator) ? $0 : $0 * 1.5 - 0.25 }
      let before = absolute
      var after = signs
      // SAFETY: as above.
      let residual = unsafe bstk_residual_step(&absolute, &after, magnitude, count)
      var sum = 0.0
      for index in 0..<count {
        let sign: Float = input[index] >= 0 ? 1 : -1
        let value = sign * before[index] - sign * magnitude[index]
        #expect(absolute[index] == abs(value))
        #expect(after[index / 8] >> (7 - index % 8) & 1 == (value >= 0 ? 1 : 0))
        sum += Double(value) * Double(value)
      }
      #expect(abs(residual - sum) <= 1e-12 * sum)
      #expect(after.last == 0xA5)
    }
  }

  @Test func sumsAreTheSameBitsInEverySet() {
    for count in Self.lengths {
      let first = values(count, seed: 3).map { $0.isFinite && abs($0) < 1e9 ? $0 : 2 }
      let weights = first.map { 1 / (1 + abs($0)) }
      var sums: Set<[UInt64]> = []
      for name in Self.names where select(name) {
        var absolute = first
        var signs = [UInt8](repeating: 0, count: (count + 7) / 8)
        // SAFETY: `count` values, weights and bits.
        let split = unsafe bstk_split_signs(&absolute, &signs, count)
        let weighted = unsafe bstk_weighted_squares(absolute, weights, count)
        let step = unsafe bstk_residual_step(&absolute, &signs, weights, count)
        sums.insert([split.bitPattern, weighted.bitPattern, step.bitPattern])
      }
      #expect(sums.count == 1)
    }
  }

  @Test(arguments: names) func sweepMultipliesBothWays(name: String) {
    guard select(name) else { return }
    for (rows, columns) in [(1, 1), (3, 5), (16, 33), (17, 64), (37, 19), (50, 130)] {
      let width = 32
      let a = Matrices.gaussian(rows: rows, columns: columns + 1, seed: 1)
      let x = Matrices.gaussian(rows: columns, columns: width, seed: 2)
      var y = [Float](repeating: 0, count: rows * width)
      var z = [Float](repeating: 1, count: columns * width)
      // SAFETY: the shapes the kernel's header asks for, rows of `a` being columns + 1 apart.
      unsafe bstk_sweep(a, columns + 1, rows, columns, x, &y, &z, width)
      for index in 0..<width {
        for row in 0..<rows {
          var sum = 0.0
          for column in 0..<columns {
            sum += Double(a[row * (columns + 1) + column] * x[column * width + index])
          }
          #expect(abs(Double(y[row * width + index]) - sum) < 1e-3)
        }
        for column in 0..<columns {
          var sum = 1.0
          for row in 0..<rows {
            sum += Double(a[row * (columns + 1) + column] * y[row * width + index])
          }
          #expect(abs(Double(z[column * width + index]) - sum) < 1e-2)
        }
      }
    }
  }
}
