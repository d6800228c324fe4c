/// A level ready for the kernel: decoded vectors and, unless all signs are +1, the sign plane.
struct DecodedLevel: Sendable {
  let rank: Int
  let u: [Float]
  let vt: [Float]
  /// Nil: all +1.
  let signs: [UInt8]?
}
