public import BSTKFormat

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Operations on names rather than on open files.
public enum FileSystem {
  /// Whether something exists under `path`, even a dangling link.
  public static func exists(_ path: String) -> Bool {
    var info = stat()
    // SAFETY: `info` outlives the call, which fills it.
    return unsafe lstat(path, &info) == 0
  }

  /// Whether `path` is a folder, or a link to one.
  public static func isFolder(_ path: String) -> Bool {
    var info = stat()
    // SAFETY: `info` outlives the call, which fills it.
    return unsafe stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  /// Renames `source` to `target`, replacing it, and makes the new name durable.
  public static func rename(_ source: String, to target: String) throws(BSTKError) {
    #if canImport(Darwin)
      // SAFETY: the paths are valid C strings during the call.
      _ = try SystemCall.run("rename", source) { unsafe Darwin.rename(source, target) }
    #else
      // SAFETY: the paths are valid C strings during the call.
      _ = try SystemCall.run("rename", source) { unsafe Glibc.rename(source, target) }
    #endif
    try synchronizeFolder(of: target)
  }

  /// Renames `source` to `target` unless something has that name by now, and makes it durable.
  ///
  /// - Throws: `EXISTS` when something has it; `IO`.
  public static func rename(_ source: String, toNew target: String) throws(BSTKError) {
    // SAFETY: the paths are valid C strings during the call.
    if unsafe link(source, target) == 0 {
      try remove(source)
      return try synchronizeFolder(of: target)
    }
    // A network file system may have done it and lost the answer.
    if errno == EEXIST, areSame(source, target) { return try remove(source) }
    // Where a file can have one name only, all that can be done is to look first.
    guard errno != EEXIST, !exists(target) else {
      throw BSTKError(
        .exists, "\(target) was made by somebody else meanwhile",
        remedy: "choose another output, or move that file away and run the command again")
    }
    try rename(source, to: target)
  }

  /// Whether both paths are names of one file.
  ///
  /// - Parameter followsLinks: Whether what a symbolic link leads to counts, rather than itself.
  public static func areSame(
    _ first: String, _ second: String, followsLinks: Bool = false
  ) -> Bool {
    var (one, other) = (stat(), stat())
    let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
    // SAFETY: both are locals that outlive the calls, which fill them.
    guard unsafe fstatat(AT_FDCWD, first, &one, flags) == 0,
      unsafe fstatat(AT_FDCWD, second, &other, flags) == 0
    else { return false }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Removes a file; a missing one is no error.
  public static func remove(_ path: String) throws(BSTKError) {
    // SAFETY: the path is a valid C string during the call.
    if unsafe unlink(path) != 0, errno != ENOENT { throw SystemCall.failure("remove", path) }
  }

  /// The folder part of a path: `.` when it has none.
  public static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of a path.
  public static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// A hidden name beside `path` that no other process uses.
  public static func temporarySibling(of path: String, suffix: String = "tmp") -> String {
    var generator = SystemRandomNumberGenerator()
    let tag = String(generator.next() as UInt64, radix: 36)
    return "\(folder(of: path))/.\(name(of: path)).\(tag).\(suffix)"
  }

  /// Makes changes to the folder of `path` durable: names come and go with its folder, not with
  /// the file. File systems that cannot sync folders are left alone.
  public static func synchronizeFolder(of path: String) throws(BSTKError) {
    let folder = folder(of: path)
    let descriptor = try SystemCall.run("open", folder) {
      // SAFETY: the path is a valid C string during the call.
      unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { _ = close(descriptor) }
    if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
      throw SystemCall.failure("synchronize", folder)
    }
  }
}
