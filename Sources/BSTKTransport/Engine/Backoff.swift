/// How long to wait before a request is made again: full jitter, so that many clients of one server
/// do not come back at the same moment.
struct Backoff {
  let base: Double
  let cap: Double

  /// A delay before attempt number `attempt`; the first repetition comes at once, because most
  /// often only a kept-alive connection had gone.
  func delay(beforeAttempt attempt: Int, isImmediateAllowed: Bool) -> Double {
    if attempt <= 1, isImmediateAllowed { return 0 }
    var ceiling = base
    for _ in 1..<max(1, attempt) where ceiling < cap { ceiling *= 2 }
    return Double.random(in: 0...min(ceiling, cap))
  }
}
