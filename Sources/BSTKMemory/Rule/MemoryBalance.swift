/// When a model gives memory back and when it takes some, without fluttering between the two.
///
/// It gives at once what others need. It takes only after a time of calm, and only a good deal at
/// a time; where what it took was wanted back soon, the next time of calm is twice as long.
public struct MemoryBalance: Sendable {
  /// Seconds of calm before memory is taken, at first and at most.
  private static let calmSeconds = 5.0
  private static let calmLimit = 160.0
  /// A gift within so many seconds after a taking shows that the taking was a mistake.
  private static let regretSeconds = 60.0

  private var calm = Self.calmSeconds
  private var lastTrouble = -Double.infinity
  private var lastTaking = -Double.infinity

  /// Makes a balance that has seen nothing yet.
  public init() {}

  /// What the weights should take now; nil when they should stay as they are.
  ///
  /// - Parameters:
  ///   - allowance: What the rule allows now.
  ///   - isUnderPressure: Whether others wait for memory of its bound.
  ///   - holding: What the weights take.
  ///   - most: What they could take at most.
  ///   - now: Seconds of a clock that never goes back.
  public mutating func desiredByteCount(
    _ allowance: MemoryAllowance, isUnderPressure: Bool, cacheByteCount: UInt64, holding: UInt64,
    most: UInt64, now: Double
  ) -> UInt64? {
    let desired = min(allowance.weightByteCount(cacheByteCount: cacheByteCount), most)
    // The reserve is there to be used: a little of it is no reason to drop anything.
    let slack = allowance.reserveByteCount / 8
    if desired < holding, holding - desired > slack || isUnderPressure {
      if now - lastTaking < Self.regretSeconds, lastTaking > lastTrouble {
        calm = min(2 * calm, Self.calmLimit)
      }
      lastTrouble = now
      return desired
    }
    if isUnderPressure {
      lastTrouble = now
      return nil
    }
    guard desired > holding, now - lastTrouble >= calm,
      desired - holding >= max(holding / 8, slack) || desired == most
    else { return nil }
    if now - lastTrouble >= 2 * Self.calmLimit { calm = Self.calmSeconds }
    lastTaking = now
    return desired
  }
}
