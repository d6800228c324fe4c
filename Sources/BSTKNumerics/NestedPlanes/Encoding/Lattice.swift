/// The values that nested planes can take, as multiples of the finest step.
///
/// Gains are fitted afterwards: feedback that reckons with the gains of a plain rounding was worse at
/// every level, since codes with feedback need less correction.
struct Lattice: Sendable {
  let planeCount: Int
  /// The finest step in units of u · v: what one unit of the last level's odd integer is worth.
  let step: Float

  init(_ magnitude: Magnitude, planeCount: Int) {
    self.planeCount = planeCount
    step = magnitude.factor / Float(1 << (planeCount - 1))
  }
}
