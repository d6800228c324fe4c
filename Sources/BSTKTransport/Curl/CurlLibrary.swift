import CCurl

/// libcurl as a whole.
enum CurlLibrary {
  /// True once libcurl is set up; the first use does it, exactly once.
  static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK

  /// libcurl's words for a result.
  static func words(for code: CURLcode) -> String {
    // SAFETY: curl_easy_strerror returns a constant C string for every number.
    unsafe String(cString: curl_easy_strerror(code))
  }

  /// The environment variables by which the curl tool, but not the library, finds certificates.
  static func certificateFileFromEnvironment() -> String? {
    for name in ["CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
      // SAFETY: getenv's string is copied at once; nothing here changes the environment.
      if let value = unsafe curl_getenv(name) {
        defer { unsafe curl_free(value) }
        let text = unsafe String(cString: value)
        if !text.isEmpty { return text }
      }
    }
    return nil
  }
}
