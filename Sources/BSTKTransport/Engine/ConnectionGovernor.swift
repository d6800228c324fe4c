/// How many connections are worth having: more are tried while they raise the total rate, and given
/// up when they do not.
struct ConnectionGovernor {
  /// Connections to use now.
  private(set) var limit: Int
  /// The total rate of late, bytes a second.
  private(set) var rate = 0.0
  private let maximum: Int
  private let tuning: FetchTuning
  private var meter = RateMeter(start: 0)
  /// Since when nothing but the network set the rate.
  private var undisturbedSince: Double?
  /// Since when the rate has not been climbing.
  private var steadySince: Double?
  /// More connections that may not help, since when all are at work, and the rate with fewer.
  private var trial: (limit: Int, rate: Double, start: Double?)?
  private var settledUntil = 0.0
  private var lastBackOff = -Double.infinity
  private var settleSeconds: Double

  init(maximum: Int, tuning: FetchTuning) {
    self.maximum = max(1, maximum)
    limit = min(max(1, maximum), tuning.firstConnectionCount)
    self.tuning = tuning
    settleSeconds = tuning.settleSeconds
  }

  /// Whether it is not known yet if the last connections help.
  var isOnTrial: Bool { trial != nil }

  /// Takes a measurement when one is due.
  ///
  /// - Parameters:
  ///   - byteCount: All bytes received so far.
  ///   - missingByteCount: Bytes still to come.
  ///   - busyCount: Connections at work; while these are fewer than allowed the rate says nothing.
  ///   - roundTrip: Seconds.
  mutating func observe(
    byteCount: Int, missingByteCount: Int, busyCount: Int, roundTrip: Double, now: Double
  ) {
    let isSaturated = busyCount >= limit
    if !isSaturated {
      undisturbedSince = nil
      steadySince = nil
    } else if trial != nil, trial?.start == nil {
      trial?.start = now
    }
    let length = max(tuning.measurementSeconds, tuning.measurementRoundTrips * roundTrip)
    guard now - meter.lastLook >= length / 4 else { return }
    meter.look(byteCount: byteCount, now: now, span: 2 * length)
    rate = meter.rate(from: now - length, to: now)
    if let trial, trial.start == nil, busyCount <= trial.limit {
      // It may take a while to find work for more, and the rate may change meanwhile.
      self.trial?.rate = rate
    }
    guard isSaturated, maximum > 1 else { return }
    let start = undisturbedSince ?? now
    undisturbedSince = start
    if let trial, let start = trial.start {
      judge(trial.limit, trial.rate, start: start, length: length, roundTrip: roundTrip, now: now)
    } else if now >= settledUntil, now - start >= 2 * length {
      let previous = meter.rate(from: now - 2 * length, to: now - length)
      // A rate that climbs by itself would be taken for the gain of more connections, and one that
      // was held up for a round trip goes on climbing.
      guard rate < previous * tuning.worthwhileGain else {
        steadySince = nil
        return
      }
      let steady = steadySince ?? now
      steadySince = steady
      guard now - steady >= length else { return }
      if Double(missingByteCount) > max(rate, previous) * tuning.trialWorthSeconds {
        // What one or two more would gain might not show beside what the rate does by itself.
        more(times: 8)
      }
    }
  }

  private mutating func judge(
    _ before: Int, _ rateBefore: Double, start: Double, length: Double, roundTrip: Double,
    now: Double
  ) {
    // New connections bring nothing for two round trips, and start slowly.
    let age = now - start - 2 * roundTrip
    guard age >= length else { return }
    // Four times the connections, or more, must bring what doubling twice would have to.
    let gain = tuning.worthwhileGain
    if rate >= rateBefore * (limit > 2 * before ? gain * gain : gain) {
      trial = nil
      // The rate was steady before, so the gain is due to the new connections: go on at once.
      more(times: 4)
    } else if age >= 2 * length + 2 * roundTrip {
      trial = nil
      limit = before
      settledUntil = now + settleSeconds
      settleSeconds = min(settleSeconds * 2, 60)
    }
  }

  private mutating func more(times factor: Int) {
    guard limit < maximum else { return }
    trial = (limit, rate, nil)
    steadySince = nil
    limit = min(limit * factor, maximum)
  }

  /// The server asked for less, or refused a connection. Many requests may hear it at once.
  mutating func backOff(now: Double) {
    guard now >= lastBackOff + tuning.measurementSeconds else { return }
    lastBackOff = now
    limit = max(1, limit / 2)
    trial = nil
    steadySince = nil
    settledUntil = now + tuning.backOffSeconds
  }
}
