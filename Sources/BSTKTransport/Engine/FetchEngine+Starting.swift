import BSTKFormat
import BSTKStore
import CCurl

extension FetchEngine {
  /// Makes a request.
  func start(
    _ purpose: Transfer.Purpose, _ source: Source, _ range: Range<Int>,
    after trouble: Trouble? = nil
  ) {
    guard let handle = EasyHandle() else {
      fatal = BSTKError(.network, "libcurl could not make a handle")
      return
    }
    var attempts = trouble?.attempts ?? Attempts()
    // What another server did wrong is not this one's fault.
    if trouble?.failedOn != source.number { attempts.violationCount = 0 }
    let transfer = Transfer(
      purpose: purpose, source: source, asked: range, attempts: attempts,
      handle: handle, engine: self)
    transfer.avoided = trouble?.avoided ?? []
    transfer.isRepair = trouble?.isRepair ?? false
    configure(transfer, isFresh: trouble?.isFresh ?? false)
    transfer.installCallbacks()
    transfers[transfer.key] = transfer
    source.activeCount += 1
    requestCount += 1
    if purpose == .data { claimed.insert(range) }
    if !multi.add(transfer.handle) {
      fatal = BSTKError(.network, "libcurl could not take a request")
    }
  }

  private func configure(_ transfer: Transfer, isFresh: Bool) {
    let source = transfer.source
    let options = request.options
    transfer.handle.set(CURLOPT_URL, source.target.text)
    if transfer.purpose != .stream {
      let range = transfer.asked
      transfer.handle.set(CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound - 1)")
    }
    transfer.handle.set(CURLOPT_NOSIGNAL, 1)
    transfer.handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    transfer.handle.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
    transfer.handle.set(CURLOPT_FOLLOWLOCATION, 0)
    transfer.handle.set(CURLOPT_BUFFERSIZE, rateLimiter?.readByteCount ?? 256 << 10)
    transfer.handle.set(CURLOPT_TCP_KEEPALIVE, 1)
    transfer.handle.set(
      CURLOPT_CONNECTTIMEOUT_MS, Int((tuning.connectSeconds * 1000).rounded(.up)))
    transfer.handle.set(CURLOPT_USERAGENT, "bstk/1.0")
    if isFresh { transfer.handle.set(CURLOPT_FRESH_CONNECT, 1) }
    // A proxy's answer to CONNECT is not the server's.
    transfer.handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    if let proxy = options.proxy { transfer.handle.set(CURLOPT_PROXY, proxy) }
    if let file = options.certificateAuthorityFile ?? CurlLibrary.certificateFileFromEnvironment() {
      transfer.handle.set(CURLOPT_CAINFO, file)
    }
    if options.usesNetrc { transfer.handle.set(CURLOPT_NETRC, CURL_NETRC_OPTIONAL) }
    transfer.handle.addHeader("Accept-Encoding: identity")
    if isFresh { transfer.handle.addHeader("Cache-Control: no-cache") }
    // Secrets go to the host they were given for, and nowhere a redirect or a mirror leads.
    if sources.first.map({ $0.origin.hasSameOrigin(as: source.target) }) ?? false {
      for header in options.headers { transfer.handle.addHeader(header) }
      if let token = options.bearerToken {
        transfer.handle.addHeader("Authorization: Bearer \(token)")
      }
    }
    // An absolute redirect to the same server does not repeat what the user wrote.
    if source.target.user == nil, source.target.hasSameOrigin(as: source.origin),
      let user = source.origin.user
    {
      transfer.handle.set(CURLOPT_USERNAME, user)
      transfer.handle.set(CURLOPT_PASSWORD, source.origin.password)
    }
    transfer.handle.commitHeaders()
  }
}

private let CURL_HTTP_VERSION_1_1 = 2
private let CURL_NETRC_OPTIONAL = 1
