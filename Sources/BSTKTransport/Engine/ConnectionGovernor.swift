/// How many connections are worth having: more are tried while they raise the total rate, and given
/// up when they do not.
struct ConnectionGovernor {
  /// Connections to use now.
  private(set) var limit = 1
  private let maximum: Int
  private let tuning: FetchTuning
  private var windowStart: Double?
  private var windowBytes = 0
  /// The rate with fewer connections, while more are on trial.
  private var trial: (limit: Int, rate: Double)?
  private var settledUntil = 0.0
  private var settleSeconds: Double
  /// The total rate in the last measurement, bytes a second.
  private(set) var rate = 0.0

  init(maximum: Int, tuning: FetchTuning) {
    self.maximum = max(1, maximum)
    self.tuning = tuning
    settleSeconds = tuning.settleSeconds
  }

  /// Takes a measurement when one is due.
  ///
  /// - Parameters:
  ///   - byteCount: All bytes received so far.
  ///   - isSaturated: Whether all allowed connections are busy; otherwise the rate says nothing.
  ///   - roundTrip: Seconds.
  mutating func observe(
    byteCount: Int, isSaturated: Bool, roundTrip: Double, now: Double
  ) {
    guard let start = windowStart else {
      windowStart = now
      windowBytes = byteCount
      return
    }
    let length = max(tuning.measurementSeconds, tuning.measurementRoundTrips * roundTrip)
    guard now - start >= length else { return }
    rate = Double(byteCount - windowBytes) / (now - start)
    windowStart = now
    windowBytes = byteCount
    guard isSaturated, maximum > 1 else { return }
    if let before = trial {
      if rate < before.rate * tuning.worthwhileGain {
        limit = before.limit
        trial = nil
        settledUntil = now + settleSeconds
        settleSeconds = min(settleSeconds * 2, 60)
        return
      }
      trial = nil
    }
    guard now >= settledUntil, limit < maximum else { return }
    trial = (limit, rate)
    limit = min(limit * 2, maximum)
  }

  /// The file is known: a second connection hides the round trips between requests of the first.
  mutating func begin() { limit = min(2, maximum) }

  /// The server asked for less, or refused a connection.
  mutating func backOff(now: Double) {
    limit = max(1, limit / 2)
    trial = nil
    settledUntil = now + settleSeconds * 2
  }
}
