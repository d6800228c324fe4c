/// How many connections are worth having: more are tried while they raise the total rate, and given
/// up when they do not.
struct ConnectionGovernor {
  /// Connections to use now.
  private(set) var limit: Int
  private let maximum: Int
  private let tuning: FetchTuning
  private var windowStart: Double?
  private var windowBytes = 0
  /// The rate with fewer connections, while more are on trial.
  private var trial: (limit: Int, rate: Double)?
  private var isWarmingUp = false
  private var settledUntil = 0.0
  private var lastBackOff = -Double.infinity
  private var settleSeconds: Double
  /// Whether it is not known yet if the last connections help.
  var isOnTrial: Bool { trial != nil }
  /// The total rate in the last measurement, bytes a second.
  private(set) var rate = 0.0

  init(maximum: Int, tuning: FetchTuning) {
    self.maximum = max(1, maximum)
    limit = min(max(1, maximum), tuning.firstConnectionCount)
    self.tuning = tuning
    settleSeconds = tuning.settleSeconds
  }

  /// Takes a measurement when one is due.
  ///
  /// - Parameters:
  ///   - byteCount: All bytes received so far.
  ///   - missingByteCount: Bytes still to come.
  ///   - isSaturated: Whether all allowed connections are busy; otherwise the rate says nothing.
  ///   - roundTrip: Seconds.
  mutating func observe(
    byteCount: Int, missingByteCount: Int, isSaturated: Bool, roundTrip: Double, now: Double
  ) {
    guard let start = windowStart else {
      windowStart = now
      windowBytes = byteCount
      return
    }
    let length = max(tuning.measurementSeconds, tuning.measurementRoundTrips * roundTrip)
    guard now - start >= length else { return }
    let previous = rate
    rate = Double(byteCount - windowBytes) / (now - start)
    windowStart = now
    windowBytes = byteCount
    guard isSaturated, maximum > 1 else { return }
    if isWarmingUp {
      // New connections are still being made, or start slowly.
      isWarmingUp = false
    } else if let before = trial {
      trial = nil
      // Four times the connections, or more, must bring what doubling twice would have to.
      let gain = tuning.worthwhileGain
      guard rate >= before.rate * (limit > 2 * before.limit ? gain * gain : gain) else {
        limit = before.limit
        settledUntil = now + settleSeconds
        settleSeconds = min(settleSeconds * 2, 60)
        return
      }
      // The rate was steady before, so the gain is due to the new connections: go on at once.
      more(times: 4)
    } else if now >= settledUntil, rate < previous * tuning.worthwhileGain {
      // (A rate that climbs by itself would be taken for the gain of more connections.)
      let seconds = Double(missingByteCount) / max(rate, previous, 1)
      if seconds > tuning.slowSeconds {
        more(times: 8)
      } else if seconds > tuning.trialWorthSeconds {
        more(times: 2)
      }
    }
  }

  private mutating func more(times factor: Int) {
    guard limit < maximum else { return }
    trial = (limit, rate)
    limit = min(limit * factor, maximum)
    isWarmingUp = true
  }

  /// The server asked for less, or refused a connection. Many requests may hear it at once.
  mutating func backOff(now: Double) {
    guard now >= lastBackOff + tuning.measurementSeconds else { return }
    lastBackOff = now
    limit = max(1, limit / 2)
    trial = nil
    isWarmingUp = false
    settledUntil = now + tuning.backOffSeconds
  }
}
