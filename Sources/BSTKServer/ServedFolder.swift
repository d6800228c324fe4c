#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The folder being served, held open so that renaming it changes nothing.
///
/// Every name is opened relative to the folder before it and without following symbolic links, so
/// there is no moment between a check and a use at which a link could be slipped in.
struct ServedFolder: ~Copyable {
  private let root: Descriptor

  /// Opens the folder at `path`, following links up to here.
  init(path: String) throws(ServerError) {
    // SAFETY: the string lives through the call.
    let raw = unsafe systemOpen(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw ServerError(operation: "open folder \(path)", errno: errno) }
    root = Descriptor(owning: raw)
  }

  /// What a path leads to.
  enum Found: ~Copyable {
    case file(ServedFile)
    case folder(Descriptor)
    case nothing
  }

  /// Opens what `path` leads to: a regular file, a folder, or nothing at all.
  borrowing func open(_ path: RequestPath) -> Found {
    // Opened afresh, not duplicated: duplicates would share one position when entries are read.
    // SAFETY: the literal ends with NUL and lives through the call.
    let start = unsafe openat(root.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard start >= 0 else { return .nothing }
    var current = Descriptor(owning: start)
    for (index, name) in path.names.enumerated() {
      let isLast = index == path.names.count - 1
      // A fifo would hold an ordinary open until somebody writes to it.
      let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let terminated = name.map { CChar(bitPattern: $0) } + [0]
      // SAFETY: the name ends with NUL and lives through the call.
      let raw = unsafe openat(current.raw, terminated, flags)
      guard raw >= 0 else { return .nothing }
      current = Descriptor(owning: raw)
    }
    var status = stat()
    // SAFETY: `status` is a local that outlives the call.
    guard unsafe fstat(current.raw, &status) == 0 else { return .nothing }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder(current)
    case S_IFREG where !path.asksForFolder:
      return .file(ServedFile(descriptor: current, status: status))
    default: return .nothing
    }
  }
}

/// `open(2)` under a name that the method does not hide.
private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 {
  // SAFETY: the caller's string lives through the call.
  unsafe open(path, flags)
}
