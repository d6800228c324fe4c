import CCurl
import Synchronization

/// The libcurl handle that drives many transfers from one thread.
///
/// SAFETY: the pointer is made in init and freed in deinit. All methods but ``wake()`` are called by the network thread alone; libcurl allows
/// `curl_multi_wakeup` from any thread while the handle lives, which the reference guarantees.
@safe final class MultiHandle: @unchecked Sendable {
  private let pointer: UnsafeMutableRawPointer

  init?() {
    guard CurlLibrary.isReady, let pointer = unsafe curl_multi_init() else { return nil }
    unsafe self.pointer = unsafe pointer
  }

  deinit { _ = unsafe curl_multi_cleanup(pointer) }

  func set(_ option: CURLMoption, _ value: Int) {
    // SAFETY: the option takes a long.
    _ = unsafe bstk_curl_multi_setopt_long(pointer, option, value)
  }

  func add(_ handle: borrowing EasyHandle) -> Bool {
    // SAFETY: the caller keeps the handle alive until `remove`.
    unsafe curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK
  }

  func remove(_ handle: borrowing EasyHandle) {
    // SAFETY: both handles are alive.
    _ = unsafe curl_multi_remove_handle(pointer, handle.pointer)
  }

  /// Lets every transfer do what it can without waiting.
  func perform() {
    var running: Int32 = 0
    // SAFETY: `running` outlives the call; callbacks run inside it, on this thread.
    _ = unsafe curl_multi_perform(pointer, &running)
  }

  /// The next finished transfer, by the address of its handle.
  func nextFinished() -> (handle: UInt, code: CURLcode)? {
    var waiting: Int32 = 0
    // SAFETY: the message belongs to libcurl and is read before the next call into it.
    while let message = unsafe curl_multi_info_read(pointer, &waiting) {
      guard unsafe message.pointee.msg == CURLMSG_DONE,
        let handle = unsafe message.pointee.easy_handle
      else { continue }
      return unsafe (UInt(bitPattern: handle), message.pointee.data.result)
    }
    return nil
  }

  /// Waits for traffic, a timeout or ``wake()``.
  func poll(seconds: Double) {
    let milliseconds = Int32(max(0, min(seconds * 1000, 60_000)).rounded(.up))
    // SAFETY: no extra descriptors are passed.
    _ = unsafe curl_multi_poll(pointer, nil, 0, milliseconds, nil)
  }

  /// Ends a wait in ``poll(seconds:)``, from any thread.
  func wake() {
    // SAFETY: allowed from any thread while the handle lives.
    _ = unsafe curl_multi_wakeup(pointer)
  }
}
