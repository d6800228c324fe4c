/// The constants of a fetch in one place, so that tests can make time short.
struct FetchTuning: Sendable {
  /// The first request asks for this much, or for the whole budget when that is less. It opens any
  /// ordinary file: header and index take at most 1 MiB there.
  var firstRequestByteCount = 1 << 20
  /// Spans are sized to last about this long on one connection, within the bounds below.
  var spanSeconds = 1.0
  /// The least bytes of a span.
  var minimumSpanByteCount = 256 << 10
  /// The bytes of a span while no rate is known, and the least with one or two connections: small
  /// requests would keep these from ever reaching full speed.
  var initialSpanByteCount = 4 << 20
  /// The most bytes of a span; what a killed fetch can lose is this times the connections.
  var maximumSpanByteCount = 8 << 20
  /// The least distance the last span may lie ahead of the first missing byte.
  var minimumWindowByteCount = 16 << 20
  /// Bytes collected before they go to the storage queue.
  var bufferByteCount = 128 << 10
  /// Buffers that may wait for the storage queue.
  var queuedBufferCount = 16

  /// Seconds of one measurement of the total rate, at least; and in round trips.
  var measurementSeconds = 0.3
  var measurementRoundTrips = 6.0
  /// How much the total rate must rise for more connections to stay.
  var worthwhileGain = 1.15
  /// Seconds until more connections are tried again after they did not help.
  var settleSeconds = 5.0

  /// Seconds for a connection to be made.
  var connectSeconds = 15.0
  /// Seconds without a byte after which a request is given up and made again.
  var stallSeconds = 25.0
  /// Seconds of its remaining time from which an unfinished span is shared with an idle connection.
  var hedgeSeconds = 1.0
  /// The same while other work is left: a span cut too large for a slow link is made smaller.
  var splitSeconds = 3.0
  /// Seconds without a byte after which an idle connection takes over a span altogether.
  var takeoverSeconds = 3.0
  /// Seconds without any new byte at all after which the fetch fails.
  var hopelessSeconds = 900.0

  /// The delay before attempt `n` is drawn from zero to `base × 2ⁿ` (full jitter), at most `cap`.
  var backoffBaseSeconds = 0.5
  var backoffCapSeconds = 30.0
  /// Attempts of one range without progress.
  var attemptLimit = 8
  /// Attempts after an answer that broke the protocol.
  var protocolAttemptLimit = 2
  /// Fetches of one chunk whose hash does not match.
  var integrityAttemptLimit = 3
  /// The longest that a server's Retry-After is obeyed.
  var retryAfterCapSeconds = 120.0
  /// Redirects of one request.
  var redirectLimit = 8
  /// Seconds between two resolutions of an expired address.
  var resolveSeconds = 10.0

  /// Seconds and bytes between two flushes to stable storage.
  var flushSeconds = 5.0
  var flushByteCount = 64 << 20
  /// Seconds between two progress events.
  var progressSeconds = 0.1
}
