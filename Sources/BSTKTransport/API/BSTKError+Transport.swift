public import BSTKFormat

/// The codes of a fetch, beside those of the format:
///
/// | code | when |
/// | --- | --- |
/// | `URL` | the address cannot be used |
/// | `REQUEST_HEADER` | a header or token to send is malformed |
/// | `NETWORK` | no connection, or it broke, more often than the retry limit |
/// | `TLS` | the server's certificate or the secure connection was refused |
/// | `STALLED` | no new byte for longer than the limit |
/// | `HTTP_STATUS` | a status that is no answer to the request |
/// | `HTTP_AUTH` | 401, 403 or 407: credentials are missing or wrong |
/// | `THROTTLED` | 429 or 503 more often than the retry limit |
/// | `REMOTE_MISSING` | 404 or 410 |
/// | `REMOTE_CHANGED` | the server's file is another one than at the start |
/// | `REMOTE_TRUNCATED` | the server's file ends before the cut |
/// | `RANGE_MISMATCH` | the response covers other bytes than were asked for |
/// | `CONTENT_ENCODING` | the response is encoded although that was declined |
/// | `REDIRECT` | a redirect that must not be followed, or too many |
extension BSTKError.Code {
  /// The address cannot be used.
  public static let url = Self(rawValue: "URL")
  /// A header or token to send is malformed.
  public static let requestHeader = Self(rawValue: "REQUEST_HEADER")
  /// No connection, or it broke, more often than the retry limit.
  public static let network = Self(rawValue: "NETWORK")
  /// The server's certificate or the secure connection was refused.
  public static let tls = Self(rawValue: "TLS")
  /// No new byte for longer than the limit.
  public static let stalled = Self(rawValue: "STALLED")
  /// A status that is no answer to the request.
  public static let httpStatus = Self(rawValue: "HTTP_STATUS")
  /// Credentials are missing or wrong.
  public static let httpAuthorization = Self(rawValue: "HTTP_AUTH")
  /// The server asked to slow down more often than the retry limit.
  public static let throttled = Self(rawValue: "THROTTLED")
  /// There is no such file on the server, or no more.
  public static let remoteMissing = Self(rawValue: "REMOTE_MISSING")
  /// The server's file is another one than at the start, or than the output holds.
  public static let remoteChanged = Self(rawValue: "REMOTE_CHANGED")
  /// The server's file ends before the cut.
  public static let remoteTruncated = Self(rawValue: "REMOTE_TRUNCATED")
  /// The response covers other bytes than were asked for.
  public static let rangeMismatch = Self(rawValue: "RANGE_MISMATCH")
  /// The response is encoded although that was declined.
  public static let contentEncoding = Self(rawValue: "CONTENT_ENCODING")
  /// A redirect that must not be followed, or too many.
  public static let redirect = Self(rawValue: "REDIRECT")
}
