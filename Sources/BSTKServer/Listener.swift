#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A bound, listening, non-blocking TCP socket.
struct Listener: ~Copyable {
  let descriptor: Descriptor
  let port: UInt16

  /// Binds `host`:`port`; port 0 takes a free one.
  init(host: String, port: UInt16) throws(ServerError) {
    let operation = "listen on \(host):\(port)"
    // SAFETY: a record of zeros is valid; its pointers are never followed before they are set.
    var hints = unsafe addrinfo()
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    unsafe hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    // SAFETY: the strings, hints and result pointer outlive the call.
    let code = unsafe getaddrinfo(host, String(port), &hints, &found)
    guard code == 0, let address = unsafe found else {
      throw ServerError(operation: operation, reason: "the host name cannot be resolved")
    }
    // SAFETY: the list came from getaddrinfo and is freed once, after its last use.
    defer { unsafe freeaddrinfo(address) }
    // SAFETY: `address` is a valid record of the list.
    let raw = unsafe socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
    guard raw >= 0 else { throw ServerError(operation: operation, errno: errno) }
    let bound = Descriptor(owning: raw)
    Self.closeOnExec(raw)
    Self.set(raw, SOL_SOCKET, SO_REUSEADDR, 1)
    // SAFETY: address and length belong together, as getaddrinfo made them.
    guard unsafe bind(raw, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
      listen(raw, 128) == 0, fcntl(raw, F_SETFL, O_NONBLOCK) == 0,
      let port = Self.boundPort(raw)
    else { throw ServerError(operation: operation, errno: errno) }
    self.descriptor = bound
    self.port = port
  }

  /// What came of an attempt to take a connection.
  enum Accepted {
    /// A connected socket, now owned by the caller.
    case socket(Int32)
    /// The peer has already gone.
    case nobody
    /// The process is out of descriptors or memory; worth another try a little later.
    case exhausted
  }

  /// Takes the next waiting connection.
  ///
  /// The connection blocks, survives no `exec`, sends without delay, and gives up a send that makes
  /// no progress for `sendMilliseconds`.
  borrowing func accept(sendMilliseconds: Int32) -> Accepted {
    let raw = systemAccept(descriptor.raw, nil, nil)
    guard raw >= 0 else {
      switch errno {
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
      default: return .nobody
      }
    }
    Self.closeOnExec(raw)
    _ = fcntl(raw, F_SETFL, 0)
    Self.set(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    #if canImport(Darwin)
      Self.set(raw, SOL_SOCKET, SO_NOSIGPIPE, 1)
    #endif
    var patience = timeval()
    patience.tv_sec = .init(sendMilliseconds / 1_000)
    patience.tv_usec = .init(sendMilliseconds % 1_000 * 1_000)
    // SAFETY: the value outlives the call and its true size is passed.
    _ = unsafe setsockopt(
      raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return .socket(raw)
  }

  private static func closeOnExec(_ raw: Int32) { _ = fcntl(raw, F_SETFD, FD_CLOEXEC) }

  private static func set(_ raw: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    // SAFETY: the value outlives the call and its true size is passed.
    _ = unsafe setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func boundPort(_ raw: Int32) -> UInt16? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // SAFETY: `storage` is as large as any socket address, and its true size is passed.
    let code = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe getsockname(
        raw, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard code == 0 else { return nil }
    // In both address families the port is the third and fourth byte, most significant first.
    // SAFETY: both bytes lie inside the storage.
    return unsafe withUnsafeBytes(of: &storage) { bytes in
      unsafe UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
  }
}

/// `accept(2)` under a name that the method does not hide.
private let systemAccept = unsafe accept(_:_:_:)
