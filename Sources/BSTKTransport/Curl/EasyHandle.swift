import CCurl

/// One libcurl transfer handle with everything it borrows: option strings are copied by libcurl,
/// header lists are not and are freed with the handle.
///
/// SAFETY: both pointers are libcurl's, made in init or by libcurl's list functions, freed in deinit
/// and nowhere else.
@safe struct EasyHandle: ~Copyable {
  let pointer: UnsafeMutableRawPointer
  private var headers: UnsafeMutablePointer<curl_slist>?

  init?() {
    guard CurlLibrary.isReady, let pointer = unsafe curl_easy_init() else { return nil }
    unsafe self.pointer = unsafe pointer
    unsafe headers = nil
    // SAFETY: the handle has just been made.
    _ = unsafe bstk_curl_restrict_protocols(pointer)
    unsafe bstk_curl_leave_resolver(pointer)
  }

  deinit {
    // SAFETY: the owner has taken the handle out of its multi handle before.
    unsafe curl_easy_cleanup(pointer)
    unsafe curl_slist_free_all(headers)
  }

  /// By this libcurl names the handle in its messages.
  var address: UInt { unsafe UInt(bitPattern: pointer) }

  func set(_ option: CURLoption, _ value: Int) {
    // SAFETY: the handle is alive; the option takes a long.
    _ = unsafe bstk_curl_setopt_long(pointer, option, value)
  }

  func set(_ option: CURLoption, _ value: String?) {
    // SAFETY: the handle is alive; libcurl copies the string.
    _ = unsafe bstk_curl_setopt_string(pointer, option, value)
  }

  func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer) {
    // SAFETY: the caller keeps `value` alive as long as the handle.
    _ = unsafe bstk_curl_setopt_pointer(pointer, option, value)
  }

  func set(_ option: CURLoption, _ value: curl_write_callback) {
    // SAFETY: the function has the type the option asks for and captures nothing.
    _ = unsafe bstk_curl_setopt_write(pointer, option, value)
  }

  /// Adds a request header.
  mutating func addHeader(_ line: String) {
    // SAFETY: libcurl copies the line; a null result means no memory and leaves the list as it was.
    if let grown = unsafe curl_slist_append(headers, line) { unsafe headers = grown }
  }

  /// Puts the headers added so far in force.
  func commitHeaders() {
    guard let list = unsafe headers else { return }
    // SAFETY: the list lives as long as the handle.
    _ = unsafe bstk_curl_setopt_pointer(pointer, CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(list))
  }

  /// Goes on after a callback asked for a pause.
  func resume() {
    // SAFETY: the handle is alive and called by the network thread alone.
    _ = unsafe curl_easy_pause(pointer, CURLPAUSE_CONT)
  }

  func long(_ info: CURLINFO) -> Int {
    var value = 0
    // SAFETY: the info is a long and `value` outlives the call.
    _ = unsafe bstk_curl_getinfo_long(pointer, info, &value)
    return value
  }

  func offset(_ info: CURLINFO) -> Int {
    var value: curl_off_t = 0
    // SAFETY: the info is a curl_off_t and `value` outlives the call.
    _ = unsafe bstk_curl_getinfo_offset(pointer, info, &value)
    return Int(value)
  }

  /// The time between two points of a request, in microseconds; zero where there was none.
  func microseconds(from start: CURLINFO, to end: CURLINFO) -> Int {
    max(0, offset(end) - offset(start))
  }
}
