import BSTKCodec
import BSTKFormat
import BSTKStore
import CCurl

extension FetchEngine {
  /// A transfer came to its end by itself.
  func finish(_ key: UInt, _ code: CURLcode) {
    guard let transfer = transfers[key] else { return }
    let failure = self.failure(of: transfer, code)
    let retryAfter = transfer.handle.offset(CURLINFO_RETRY_AFTER)
    submit(transfer)
    retire(transfer)
    // (A stream claims nothing: whoever knows ranges may overtake it.)
    if transfer.purpose == .data, transfer.position < transfer.end {
      release(transfer.position..<transfer.end)
    }
    // When all is over there is nothing left to do about it.
    if isCancelled || fatal != nil { return }
    guard var failure else {
      succeed(transfer)
      return
    }
    // (libcurl hands over any number a server writes.)
    if retryAfter > 0 { failure.retryAfter = Double(min(retryAfter, 1 << 31)) }
    handle(failure, of: transfer)
  }

  /// Ends transfers that have all they were asked for, though their server would go on.
  func finishSatisfied() {
    for transfer in Array(transfers.values) where transfer.isSatisfied || transfer.failure != nil {
      finish(transfer.key, CURLE_OK)
    }
  }

  private func succeed(_ transfer: Transfer) {
    switch transfer.purpose {
    case .check where transfer.headerBytes.count < Limits.headerByteCount:
      let failure = TransferFailure(
        .violation, .rangeMismatch,
        "\(transfer.source.origin.publicText) sent only \(transfer.headerBytes.count) bytes of the "
          + "header")
      handle(failure, of: transfer)
    case .check: finishCheck(transfer)
    case .open where openedAnswer == nil:
      // The response was shorter than asked; ask for what is still missing of the index, unless
      // the file itself ends there.
      if let total = transfer.source.pinnedTotal, total <= manifestBytes.count {
        do throws(BSTKError) {
          let known = manifestBytes
          _ = try Manifest(opening: known.span)
        } catch { drop(transfer.source, error) }
      }
    default: break
    }
  }

  private func failure(of transfer: Transfer, _ code: CURLcode) -> TransferFailure? {
    // What a server says counts, even where the page that goes with it does not come.
    if case .refuse(let failure) = transfer.verdict { return failure }
    if let failure = transfer.failure { return failure }
    if transfer.isSatisfied { return nil }
    let address = transfer.source.origin.publicText
    if code == CURLE_OK {
      if transfer.target.scheme == "file" { return localFailure(of: transfer) }
      guard transfer.verdict != nil else {
        return TransferFailure(.violation, .network, "\(address) sent no HTTP response")
      }
      if transfer.purpose == .open, transfer.hasProgressed { return nil }
      if transfer.purpose == .open, transfer.source.pinnedTotal == 0 {
        return TransferFailure(.final, .tooShort, "\(address) is empty")
      }
      return TransferFailure(.transport, .network, "\(address) sent fewer bytes than it promised")
    }
    let remedy = "check address and connection, and run the same command again; it continues"
    let words = "\(address): \(CurlLibrary.words(for: code))"
    let proxyStatus = transfer.handle.long(CURLINFO_HTTP_CONNECTCODE)
    if transfer.verdict == nil, (400..<500).contains(proxyStatus) {
      return TransferFailure(
        .final, proxyStatus == 407 ? .httpAuthorization : .httpStatus,
        "the proxy answered \(proxyStatus) when asked for \(address)",
        remedy: "check --proxy, or name the host in NO_PROXY")
    }
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_CERTPROBLEM:
      return TransferFailure(
        .final, .tls, words, remedy: "name the authority's certificates with --cacert")
    case CURLE_FILE_COULDNT_READ_FILE:
      return TransferFailure(.final, .remoteMissing, words, remedy: "check the address")
    case CURLE_URL_MALFORMAT: return TransferFailure(.final, .url, words)
    // (A protocol that it does not support is to libcurl also what is no response at all.)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
      return TransferFailure(.violation, .network, words)
    case CURLE_SSL_CONNECT_ERROR:
      return TransferFailure(
        .unreachable, .tls, words, remedy: "check that the server speaks https at this port")
    case CURLE_COULDNT_CONNECT:
      if transfers.count > 1, transfer.source.failureCount == 0 {
        governor.backOff(now: clock.now)
      }
      return TransferFailure(.unreachable, .network, words, remedy: remedy)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      return TransferFailure(.unreachable, .network, words, remedy: remedy)
    default: return TransferFailure(.transport, .network, words, remedy: remedy)
    }
  }

  /// Why a local file brought less than was asked for; nil when an opening request has some of it.
  private func localFailure(of transfer: Transfer) -> TransferFailure? {
    if transfer.purpose == .open {
      if transfer.receivedByteCount > 0 { return nil }
      do throws(BSTKError) {
        let known = manifestBytes
        _ = try Manifest(opening: known.span)
      } catch { return TransferFailure(.final, error) }
    }
    return TransferFailure(
      .final, .remoteTruncated,
      "\(transfer.source.origin.publicText) ends at or before byte \(transfer.position)",
      remedy: "ask for less, or use another source")
  }

  // MARK: What to do about it

  private func handle(_ failure: TransferFailure, of transfer: Transfer) {
    let source = transfer.source
    let isLate = transfer.generation != source.generation
    switch failure.kind {
    case .unreachable where bodyByteCount == 0:
      retry(failure, of: transfer, limit: tuning.unreachableAttemptLimit)
    case .transport, .unreachable, .server, .violation: retry(failure, of: transfer)
    case .throttled:
      governor.backOff(now: clock.now)
      if let wanted = failure.retryAfter {
        let seconds = min(wanted, tuning.retryAfterCapSeconds)
        if wanted > seconds {
          onEvent(
            .warning(
              "\(source.origin.publicText) asks to wait \(Int(wanted)) s; "
                + "trying again after \(Int(seconds)) s"))
        }
        source.notBefore = max(source.notBefore, clock.now + seconds)
      } else if source.notBefore <= clock.now {
        // The first of several refusals at one moment counts for all.
        source.refusalCount += 1
        let backoff = Backoff(base: tuning.backoffBaseSeconds, cap: tuning.backoffCapSeconds)
        source.notBefore =
          clock.now
          + backoff.delay(beforeAttempt: source.refusalCount, isImmediateAllowed: false)
      }
      retry(failure, of: transfer)
    case .redirected:
      requeue(transfer, transfer.attempts, failedOn: nil)
      if !isLate { follow(transfer.head.location, failure, source) }
    case .expired:
      requeue(transfer, transfer.attempts, failedOn: nil)
      guard !isLate else { return }
      guard source.fruitlessResolutions < 2 else {
        drop(source, failure.error)
        return
      }
      let next =
        source.fruitlessResolutions > 0
        ? source.lastResolution.map { $0 + tuning.resolveSeconds } : nil
      source.fruitlessResolutions += 1
      source.resolveAgain(now: clock.now)
      if let next { source.notBefore = max(source.notBefore, next) }
      onEvent(.retry(failure.error, delay: max(0, source.notBefore - clock.now)))
    case .rangeIgnored:
      // Two at one moment are one.
      if transfer.start >= source.lastRangeRefusal { source.rangeRefusals += 1 }
      source.lastRangeRefusal = clock.now
      // Who served ranges before most likely will again; reading from the start costs far more.
      if source.rangeRefusals > (source.hasServedRanges ? 3 : 1) {
        source.knowsNoRanges = true
      } else {
        retry(failure, of: transfer)
      }
    case .suspicious where transfer.purpose == .open:
      // Begin again; whether the parts of the index belong together its hash will show.
      manifestBytes = []
      source.pinnedTag = nil
      source.pinnedTotal = nil
      source.ignoresTagAndLength = true
      retry(failure, of: transfer)
    case .suspicious:
      // Spans that were under way before the header is compared prove nothing new.
      let isOld = source.isSuspected || transfer.start < source.lastCheck
      if isOld, transfer.purpose != .check { return }
      source.suspicionCount += 1
      if source.suspicionCount > 2 { return drop(source, failure.error) }
      source.isSuspected = true
    case .final:
      if transfer.purpose == .open, transfer.head.status == 416, !source.hasShortened,
        let total = transfer.head.contentRange?.total, 0 < total, total < openingEnd
      {
        source.hasShortened = true
        openingEnd = total
        return
      }
      drop(source, failure.error)
    }
  }

  /// Puts the unfinished part of a transfer back into the queue, after a pause.
  private func retry(
    _ failure: TransferFailure, of transfer: Transfer, limit attemptLimit: Int? = nil
  ) {
    let source = transfer.source
    let isForHeader = transfer.purpose == .open || transfer.purpose == .check
    var attempts = isForHeader ? source.attempts : transfer.attempts
    if transfer.hasProgressed { attempts = Attempts() }
    attempts.add(failure.kind)
    if isForHeader {
      source.attempts = attempts
    } else if !transfer.hasProgressed {
      source.noteFailure(now: clock.now, shunSeconds: tuning.shunSeconds)
    }
    if attempts.count >= attemptLimit ?? tuning.attemptLimit
      || attempts.violationCount >= tuning.protocolAttemptLimit
    {
      drop(source, failure.error)
      // Others make their own requests for its header; its spans they take over.
      if fatal != nil || isForHeader { return }
      attempts = Attempts()
    }
    let backoff = Backoff(base: tuning.backoffBaseSeconds, cap: tuning.backoffCapSeconds)
    var delay = backoff.delay(
      beforeAttempt: attempts.count, isImmediateAllowed: failure.kind.isConnection)
    var isFresh = false
    if case .violation = failure.kind { isFresh = true }
    if case .rangeIgnored = failure.kind { isFresh = true }
    if isFresh { delay = 0 }
    delay = max(delay, source.notBefore - clock.now)
    if isForHeader {
      source.notBefore = max(source.notBefore, clock.now + delay)
    } else {
      guard transfer.position < transfer.end else { return }
      requeue(
        transfer, attempts, failedOn: source.number, notBefore: clock.now + delay, isFresh: isFresh)
    }
    onEvent(.retry(failure.error, delay: delay))
  }

  /// Puts what a transfer has not brought back into the queue, with what is known about it.
  private func requeue(
    _ transfer: Transfer, _ attempts: Attempts, failedOn source: Int?, notBefore: Double = 0,
    isFresh: Bool = false
  ) {
    let isForFile = transfer.purpose == .data || transfer.purpose == .stream
    guard isForFile, transfer.position < transfer.end else { return }
    troubles.append(
      Trouble(
        range: transfer.position..<transfer.end, attempts: attempts, notBefore: notBefore,
        avoided: source.map { transfer.avoided.union([$0]) } ?? transfer.avoided, failedOn: source,
        isRepair: transfer.isRepair && transfer.purpose == .data, isFresh: isFresh))
  }

  /// Gives up a source; the fetch fails with the last one.
  func drop(_ source: Source, _ error: BSTKError) {
    guard source.fault == nil else { return }
    source.fault = error
    let remaining = sources.filter { $0.fault == nil }.count
    if remaining > 0 {
      onEvent(
        .warning(
          "\(error); going on with "
            + (remaining == 1 ? "one other source" : "\(remaining) other sources")))
    } else {
      fatal = error
    }
  }

  private func follow(_ location: String?, _ failure: TransferFailure, _ source: Source) {
    guard let location else {
      drop(source, failure.error)
      return
    }
    source.redirectCount += 1
    let from = source.target
    func refuse(_ why: String) {
      drop(source, BSTKError(.redirect, "\(source.origin.publicText) redirects \(why)"))
    }
    guard source.redirectCount <= tuning.redirectLimit else {
      return refuse("more than \(tuning.redirectLimit) times")
    }
    guard let target = try? WebAddress(location, relativeTo: from), target.scheme != "file" else {
      return refuse("to an address that must not be followed")
    }
    guard from.scheme != "https" || target.scheme == "https" else {
      return refuse("from https to http")
    }
    source.target = target
    source.generation += 1
    source.isSettled = false
  }
}
