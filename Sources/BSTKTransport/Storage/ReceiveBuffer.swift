/// A fixed block of memory that gathers received bytes on the network thread and carries them to the
/// queue that hashes. One of them owns it at a time; handing it over goes through the queue.
///
/// SAFETY: the memory is made in init and freed in deinit; it is touched only by the current owner,
/// and the hand-over orders the accesses.
@safe final class ReceiveBuffer: @unchecked Sendable {
  let capacity: Int
  private(set) var count = 0
  /// Where in the file the first byte belongs.
  private(set) var offset = 0
  private let memory: UnsafeMutablePointer<UInt8>

  init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: freed in deinit and nowhere else.
    unsafe memory = .allocate(capacity: capacity)
  }

  deinit { unsafe memory.deallocate() }

  var isFull: Bool { count == capacity }

  /// Empties the buffer for bytes that belong at `offset`.
  func restart(at offset: Int) {
    self.offset = offset
    count = 0
  }

  /// Takes as many of `bytes` as there is room for and returns how many that were.
  func append(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let taken = min(capacity - count, bytes.count)
    guard taken > 0, let base = bytes.baseAddress else { return 0 }
    // SAFETY: `count + taken <= capacity`, and the source is libcurl's buffer, never this memory.
    unsafe (memory + count).update(from: base, count: taken)
    count += taken
    return taken
  }

  /// The bytes held.
  var bytes: Span<UInt8> {
    @_lifetime(borrow self) get {
      // SAFETY: the first `count` bytes are initialised; the span cannot outlive the buffer.
      let span = unsafe Span(_unsafeStart: memory, count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }
}
