/// Keeps the sum over all connections at a rate.
///
/// libcurl's own limit holds for one request and begins anew with each; here no connection is read
/// from until the bytes read so far are due, however many connections there are. The senders then
/// find the windows of their connections full.
struct RateLimiter {
  private let bytesPerSecond: Double
  private var countedByteCount = 0
  /// When the bytes counted so far are due.
  private var due = 0.0
  /// Seconds of the rate that may be caught up after the network had less.
  private let burstSeconds = 0.1

  init(bytesPerSecond: Int) { self.bytesPerSecond = Double(max(1, bytesPerSecond)) }

  /// Seconds to wait before more is read.
  ///
  /// - Parameters:
  ///   - byteCount: All body bytes read so far.
  ///   - now: Seconds; only grows.
  mutating func delay(byteCount: Int, now: Double) -> Double {
    due = max(due, now - burstSeconds)
    due += Double(byteCount - countedByteCount) / bytesPerSecond
    countedByteCount = byteCount
    return max(0, due - now)
  }

  /// Whether it is the limit, and not the network, that a total rate shows.
  func isReached(by rate: Double) -> Bool { rate > 0.75 * bytesPerSecond }

  /// How much one connection may read at a time, so that waits stay short.
  var readByteCount: Int { Int(min(max(bytesPerSecond / 16, 1_024), 262_144)) }
}
