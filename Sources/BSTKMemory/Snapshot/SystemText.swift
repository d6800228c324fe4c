#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The small files of text in which a kernel says how it is.
enum SystemText {
  /// Longer ones are cut off.
  private static let byteLimit = 4 << 20

  /// The text of a file; nil when it cannot be read.
  static func read(_ path: String) -> String? {
    // SAFETY: the path is a valid C string during the call.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16 << 10)
    while text.count < byteLimit {
      // SAFETY: the array outlives the call, and its true count is passed.
      let count = unsafe systemRead(descriptor, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      text += part[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// `read(2)` under a name that the method does not hide.
private let systemRead = unsafe read(_:_:_:)
