import BSTKFormat

/// One address of the file and what is known about its server. Used by the network thread alone.
final class Source {
  let number: Int
  /// The address the user gave.
  let origin: WebAddress
  /// Where it leads after redirects; equal to ``origin`` without any.
  var target: WebAddress
  /// Redirects followed since the last answer that was none.
  var redirectCount = 0
  /// Grows with every new resolution, so that late failures of the old one are recognised.
  var generation = 0
  /// Until the first good answer after a resolution, only one request runs.
  var isSettled = false
  /// Resolutions again after an expiry, since bytes last arrived.
  var fruitlessResolutions = 0
  var lastResolution: Double?

  var pinnedTag: String?
  var pinnedTotal: Int?
  /// Set when tag or length changed although the file had not: then they are no evidence.
  var ignoresTagAndLength = false
  /// Whether the header it serves is known to be the one wanted.
  var hasJoined = false
  /// Whether tag or length changed and the header must be compared again before anything else.
  var isSuspected = false
  var knowsNoRanges = false
  /// Whole files instead of ranges since the last range, each to a request made after the one before.
  var rangeRefusals = 0
  var lastRangeRefusal = 0.0
  var hasServedRanges = false
  /// Whether it has said of a first request that it goes beyond the end.
  var hasShortened = false
  var suspicionCount = 0
  /// When its header was last found to be the right one.
  var lastCheck = 0.0
  /// Whether its header is another one, which decides nothing until earlier sources have answered.
  var differs = false
  /// Whether its header is the one we work with; it joins when no earlier source can say otherwise.
  var agrees = false
  /// Attempts of requests for its header, since one succeeded.
  var attempts = Attempts()
  /// Requests for bytes of the file that brought nothing, since one brought something; and until when
  /// others are therefore asked first.
  var failureCount = 0
  var shunnedUntil = 0.0
  /// Answers that told the whole host to wait, without saying how long, since one was good.
  var refusalCount = 0
  /// How far it has ever sent the file from its start, and the manifest: who always ends earlier
  /// brings nothing new.
  var streamRecord = 0
  var manifestByteRecord = 0
  /// Whether it has been told that everything is read again from its start.
  var hasToldRereading = false
  /// Chunks that it alone brought and that did not match.
  var damagedChunkCount = 0
  /// Whether these were so many that it is used only when no other source has the file.
  var isDistrusted = false
  var fault: BSTKError?
  var notBefore = 0.0
  var activeCount = 0

  init(number: Int, origin: WebAddress) {
    self.number = number
    self.origin = origin
    target = origin
  }

  /// Counts a request that brought nothing.
  func noteFailure(now: Double, shunSeconds: Double) {
    failureCount += 1
    var seconds = shunSeconds
    for _ in 1..<min(failureCount, 6) { seconds *= 4 }
    shunnedUntil = now + seconds
  }

  /// Zero, or one for a source that others go before.
  func shunOrder(at now: Double) -> Int { now < shunnedUntil ? 1 : 0 }

  /// Goes back to the user's address, whose redirect is then followed anew.
  func resolveAgain(now: Double) {
    target = origin
    redirectCount = 0
    generation += 1
    isSettled = false
    lastResolution = now
  }
}
