import BSTKFormat
import CCurl

/// A checked URL in its parts.
struct WebAddress: Equatable {
  /// The URL without its fragment.
  let text: String
  let scheme: String
  let host: String
  let port: String
  let path: String
  /// What stands before `@` in the authority, decoded.
  let user: String?
  let password: String?
  /// What stands behind `#`.
  let fragment: String?
  /// The decoded path of a `file` address.
  let localPath: String?

  /// Parses a URL, or one that is relative to another.
  ///
  /// - Throws: `URL` when it is malformed or its scheme is none of `http`, `https`, `file`.
  init(_ url: String, relativeTo base: WebAddress? = nil) throws(BSTKError) {
    // SAFETY: freed below, on every way out.
    guard CurlLibrary.isReady, let handle = unsafe curl_url() else {
      throw BSTKError(.url, "libcurl could not be started")
    }
    // SAFETY: the handle is freed on every way out and nowhere else.
    defer { unsafe curl_url_cleanup(handle) }
    // SAFETY: the C strings are valid during the calls, which copy them; to a URL that is already
    // there another is relative. Servers write spaces into redirects that are to be encoded.
    var code = CURLUE_OK
    if let base { unsafe code = curl_url_set(handle, CURLUPART_URL, base.text, 0) }
    if code == CURLUE_OK {
      let flags = base == nil ? 0 : UInt32(CURLU_URLENCODE)
      unsafe code = curl_url_set(handle, CURLUPART_URL, url, flags)
    }
    guard code == CURLUE_OK else {
      throw BSTKError(
        .url, "\(Self.withoutSecrets(url)) is not an http, https or file address",
        remedy: "write it like https://example.org/model.bstk")
    }
    // SAFETY: the handle is valid until the end of this scope.
    fragment = unsafe Self.part(CURLUPART_FRAGMENT, of: handle)
    scheme = unsafe Self.part(CURLUPART_SCHEME, of: handle) ?? ""
    host = unsafe Self.part(CURLUPART_HOST, of: handle)?.lowercased() ?? ""
    path = unsafe Self.part(CURLUPART_PATH, of: handle) ?? ""
    localPath =
      scheme == "file"
      ? unsafe Self.part(CURLUPART_PATH, of: handle, flags: UInt32(CURLU_URLDECODE)) : nil
    user = unsafe Self.part(CURLUPART_USER, of: handle, flags: UInt32(CURLU_URLDECODE))
    password = unsafe Self.part(CURLUPART_PASSWORD, of: handle, flags: UInt32(CURLU_URLDECODE))
    port =
      unsafe Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT)) ?? ""
    // SAFETY: as above; a null part removes the fragment.
    _ = unsafe curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
    text = unsafe Self.part(CURLUPART_URL, of: handle) ?? url
    guard ["http", "https", "file"].contains(scheme) else {
      throw BSTKError(
        .url, "\(scheme) addresses are not supported", remedy: "use http, https or file")
    }
  }

  /// Whether both are served by the same scheme, host and port; only then are secrets shared.
  func hasSameOrigin(as other: WebAddress) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  /// The address without user, password and query, any of which may hold a secret.
  var publicText: String {
    if scheme == "file" { return "file://\(path)" }
    let isDefaultPort = port == (scheme == "https" ? "443" : "80") || port.isEmpty
    return "\(scheme)://\(host)\(isDefaultPort ? "" : ":\(port)")\(path)"
  }

  /// What is no address, without what may be a password or a signature in it.
  private static func withoutSecrets(_ url: String) -> Substring {
    let text = url.lastIndex(of: "@").map { url[url.index(after: $0)...] } ?? url[...]
    return text.prefix { $0 != "?" && $0 != "#" }
  }

  private static func part(
    _ part: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0
  ) -> String? {
    var value: UnsafeMutablePointer<CChar>?
    // SAFETY: on success libcurl hands over a C string, which is copied and freed here.
    guard unsafe curl_url_get(handle, part, &value, flags) == CURLUE_OK, let text = unsafe value
    else { return nil }
    defer { unsafe curl_free(text) }
    return unsafe String(cString: text)
  }
}
