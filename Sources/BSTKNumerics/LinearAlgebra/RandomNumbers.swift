/// A small seeded generator (SplitMix64), so that start vectors are the same on every machine.
package struct RandomNumbers {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in 0 ..< 1.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in -1 ..< 1.
  mutating func symmetricUnit() -> Float {
    Float(Int32(truncatingIfNeeded: next() >> 32) >> 7) * 0x1p-24
  }
}
