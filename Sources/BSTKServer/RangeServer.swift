import Synchronization

/// A static file server that answers single byte ranges as RFC 9110 section 14 says.
///
/// It serves the regular files of one folder and nothing else: symbolic links, names that start with
/// a dot, and anything outside the folder are not found. Each connection has a thread of its own; the
/// file is sent by the kernel where it can be. Meant for trying out and for local networks: there is
/// no TLS and no authentication.
///
///     let server = RangeServer(root: "models") { print($0.method, $0.path, $0.status) }
///     try server.start()
///     print(server.baseURL)  // http://127.0.0.1:40213/
///     server.stop()
public final class RangeServer: Sendable {
  /// Called once for each answered request, on the thread of its connection.
  ///
  /// It may be called from several threads at once, and must not call ``RangeServer/stop()``.
  public typealias Log = @Sendable (RequestRecord) -> Void

  /// The folder being served.
  public let root: String
  /// The address to bind, numeric or a name.
  public let host: String

  private let requestedPort: UInt16
  private let limits: ServerLimits
  private let listsDirectories: Bool
  private let log: Log
  private let boundPort: Atomic<UInt16>
  private let core = Mutex<ServerCore?>(nil)

  /// Describes a server; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - root: the folder to serve. It may itself be a symbolic link.
  ///   - host: the address to bind; only this machine can connect to the default.
  ///   - port: the port to bind, or 0 for a free one.
  ///   - limits: bounds on what a peer may hold.
  ///   - listsDirectories: whether a folder answers with a small HTML page of its entries.
  ///   - log: called once for each answered request.
  public init(
    root: String, host: String = "127.0.0.1", port: UInt16 = 0,
    limits: ServerLimits = ServerLimits(), listsDirectories: Bool = true,
    log: @escaping Log = { _ in }
  ) {
    self.root = root
    self.host = host
    self.requestedPort = port
    self.limits = limits
    self.listsDirectories = listsDirectories
    self.log = log
    self.boundPort = Atomic(port)
  }

  deinit { stop() }

  /// The bound port; before ``start()`` the one asked for.
  public var port: UInt16 { boundPort.load(ordering: .acquiring) }

  /// The address of the folder, with a slash at the end.
  public var baseURL: String {
    host.contains(":") ? "http://[\(host)]:\(port)/" : "http://\(host):\(port)/"
  }

  /// Opens the folder, binds, and starts to answer. Does nothing when already started.
  ///
  /// - Throws: ``ServerError`` when the folder cannot be opened or the address not be bound.
  public func start() throws(ServerError) {
    try core.withLock { (core) throws(ServerError) in
      guard core == nil else { return }
      let listener = try Listener(host: host, port: requestedPort)
      let started = try ServerCore(
        files: ServedFolder(path: root), listener: listener, limits: limits,
        listsDirectories: listsDirectories, log: log)
      try started.run()
      boundPort.store(started.port, ordering: .releasing)
      core = started
    }
  }

  /// Stops accepting, cuts every connection, and returns once every thread has ended.
  ///
  /// All log calls have been made when it returns. May be called more than once.
  public func stop() {
    core.withLock { core in
      core?.stop()
      core = nil
    }
  }
}
