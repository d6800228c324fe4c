import BSTKFormat

/// Why a request brought not what was asked, and so what to do about it.
struct TransferFailure {
  enum Kind {
    /// The connection broke: try again.
    case transport
    /// It could not be made at all: try again, but not for long where nothing has ever come.
    case unreachable
    /// 429 or 503: the whole host waits.
    case throttled
    /// 500, 502, 504 and their like: try again later.
    case server
    /// 401 or 403 behind a redirect: the address may have expired, ask the origin once more.
    case expired
    /// The answer broke a rule of HTTP: try once more on a new connection.
    case violation
    /// A 200 with the whole file: this host knows no ranges.
    case rangeIgnored
    /// Another entity tag or length than before: compare headers, then decide.
    case suspicious
    /// A redirect, to be followed by us.
    case redirected
    /// Nothing will change by trying again on this source.
    case final

    /// Whether no server had a say in it.
    var isConnection: Bool {
      switch self {
      case .transport, .unreachable: true
      default: false
      }
    }

    /// Whether the server said what it must not.
    var breaksProtocol: Bool {
      switch self {
      case .violation, .suspicious: true
      default: false
      }
    }
  }

  let kind: Kind
  let error: BSTKError
  var retryAfter: Double?

  init(_ kind: Kind, _ code: BSTKError.Code, _ message: String, remedy: String? = nil) {
    self.kind = kind
    error = BSTKError(code, message, remedy: remedy)
  }

  init(_ kind: Kind, _ error: BSTKError) {
    self.kind = kind
    self.error = error
  }
}
