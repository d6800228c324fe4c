#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An open file or socket, closed when it goes out of scope.
struct Descriptor: ~Copyable {
  let raw: Int32

  /// Takes over `raw`, which nothing else may close.
  init(owning raw: Int32) { self.raw = raw }

  deinit { close(raw) }

  /// Gives the number away without closing it.
  consuming func release() -> Int32 {
    let raw = raw
    discard self
    return raw
  }
}
