/// The gain of each prefix of planes, and the loss that the prefix leaves.
struct GainFit {
  /// One a plane.
  let gains: [Float]
  /// With no plane, one, two and so on: ½ Σ F_r (E H Eᵀ)_rr.
  let losses: [Double]

  /// - Parameters:
  ///   - sums: Of each panel of rows: z², then z ε and ε² of each level, z being the weighted values
  ///     and ε what the level's code leaves of them.
  ///   - step: The finest step, in which the sums are measured.
  init(
    _ sums: [[Double]], planeCount: Int, magnitude: Magnitude, rowSensitivity: [Float],
    step: Float
  ) {
    let rows = magnitude.u.count
    var totals = [Double](repeating: 0, count: 2 * planeCount + 1)
    for row in 0..<rows {
      let (panel, place) = row.quotientAndRemainder(dividingBy: FeedbackPanel.rows)
      let scale = Double(magnitude.u[row]) * Double(step)
      let weight = Double(rowSensitivity[row]) * scale * scale
      for index in totals.indices {
        totals[index] += weight * sums[panel][index * FeedbackPanel.rows + place]
      }
    }
    let whole = totals[0]
    var fitted: [Float] = []
    var losses = [whole / 2]
    for level in 0..<planeCount {
      let (cross, square) = (totals[2 * level + 1], totals[2 * level + 2])
      // ⟨z, q⟩ and ⟨q, q⟩ of the code q = z − ε.
      let product = whole - cross
      let norm = whole - 2 * cross + square
      let gain = norm > 0 ? product / norm : 1
      let usable = gain.isFinite && abs(gain) <= 64 ? gain : 1
      fitted.append(Float(usable))
      losses.append(max(0, (whole - 2 * usable * product + usable * usable * norm) / 2))
    }
    self.gains = fitted
    self.losses = losses
  }
}
