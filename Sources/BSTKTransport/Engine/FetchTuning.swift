/// The constants of a fetch in one place, so that tests can make time short.
struct FetchTuning: Sendable {
  /// Bytes to ask for when only header and index are wanted: they take at most 1 MiB of any
  /// ordinary file.
  var manifestRequestByteCount = 1 << 20
  /// The first request of a fetch asks for all of the budget but this much, so that it does not run
  /// past a cut that is not known yet, within the bounds below. A pause in its first second would
  /// cost a connection more than the round trip: it ends slow start with a burst that queues drop.
  var firstRequestReserveByteCount = 16 << 20
  var minimumFirstRequestByteCount = 64 << 10
  var firstRequestByteCount = 128 << 20
  /// Spans are sized to last about this long, within the bounds below.
  var spanSeconds = 0.5
  /// The same for a connection alone, and shared out to a few: between two requests a connection
  /// stands idle for a round trip, and nobody fills the gap.
  var aloneSpanSeconds = 4.0
  /// The least bytes of a span.
  var minimumSpanByteCount = 256 << 10
  /// The bytes of a span while no rate is known.
  var initialSpanByteCount = 4 << 20
  /// The most bytes of a span with several connections; nobody waits for the end of one.
  var maximumSpanByteCount = 8 << 20
  /// The least distance the last span may lie ahead of the first missing byte.
  var minimumWindowByteCount = 32 << 20
  /// Bytes collected before they are stored.
  var bufferByteCount = 256 << 10
  /// Seconds after which they are stored however few they are; and where a consumer waits for them.
  var submissionSeconds = 1.0
  var consumerSubmissionSeconds = 0.1
  /// Buffers that may wait to be written and hashed.
  var queuedBufferCount = 8
  /// Stored bytes, and seconds, after which the journal is told of them.
  var journalByteCount = 1 << 20
  var journalSeconds = 0.5

  /// Connections to begin with, once the file is known.
  var firstConnectionCount = 1
  /// Seconds of one measurement of the total rate, at least; and in round trips. In slow start two
  /// of them bring four times as much.
  var measurementSeconds = 0.1
  var measurementRoundTrips = 2.0
  /// How much the total rate must rise for more connections to stay.
  var worthwhileGain = 1.15
  /// Seconds that are left at the present rate from which it is worth trying more connections: the
  /// attempt itself disturbs a line that one connection fills.
  var trialWorthSeconds = 8.0
  /// Seconds until more connections are tried again after they did not help.
  var settleSeconds = 1.0
  /// The same after a server asked for less.
  var backOffSeconds = 10.0

  /// Seconds for a connection to be made.
  var connectSeconds = 15.0
  /// Seconds without a byte after which a request is given up and made again.
  var stallSeconds = 25.0
  /// Seconds of its remaining time, and in round trips, from which a span that everything else
  /// waits for is shared with another connection.
  var patienceSeconds = 0.4
  var patienceRoundTrips = 4.0
  /// The same for any span while other work is left: it was cut too large for a slow link.
  var splitSeconds = 1.5
  /// Seconds of a connection's age, and in round trips, below which its rate says nothing yet.
  var maturitySeconds = 0.3
  var maturityRoundTrips = 6.0
  /// The bytes under way on a connection above which it is not broken off, for they would be lost:
  /// this much, or one part in `lossShare` of the fetch.
  var affordableLossByteCount = 192 << 10
  /// What breaking connections off may lose in all: this much and one part in `lossShare` of what
  /// has come.
  var lossByteCount = 32 << 10
  var lossShare = 2000
  /// Seconds without a byte after which an idle connection takes over a span altogether.
  var takeoverSeconds = 3.0
  /// Seconds without any new byte at all after which the fetch fails.
  var hopelessSeconds = 900.0

  /// The delay before attempt `n` is drawn from zero to `base × 2ⁿ` (full jitter), at most `cap`.
  var backoffBaseSeconds = 0.5
  var backoffCapSeconds = 30.0
  /// Attempts of one range without progress.
  var attemptLimit = 8
  /// The same where nothing answers and nothing has ever come: more likely a mistyped address.
  var unreachableAttemptLimit = 4
  /// Attempts after an answer that broke the protocol.
  var protocolAttemptLimit = 2
  /// Fetches of one chunk whose hash does not match.
  var integrityAttemptLimit = 3
  /// The longest that a server's Retry-After is obeyed.
  var retryAfterCapSeconds = 120.0
  /// The longest that a source with ranges is waited for while one without could be read.
  var rangesPatienceSeconds = 5.0
  /// How long others are asked first when a request brought nothing; four times as long with each.
  var shunSeconds = 5.0
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
