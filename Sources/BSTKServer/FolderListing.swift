#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A folder's entries as a small HTML page: folders, then files with their sizes, by name.
///
/// Only what can be fetched is shown, so no links, no special files and no hidden names.
struct FolderListing {
  private struct Entry {
    let name: [UInt8]
    let isFolder: Bool
    let size: Int64
  }

  /// A page longer than this helps nobody, and its memory is ours.
  private static let maximumEntries = 10_000

  private let entries: [Entry]

  /// Reads the open folder; an unreadable one has no entries.
  init(_ folder: borrowing Descriptor) {
    let raw = fcntl(folder.raw, F_DUPFD_CLOEXEC, 0)
    // SAFETY: the stream takes over the duplicate; it is closed below.
    guard raw >= 0, let stream = unsafe fdopendir(raw) else {
      if raw >= 0 { close(raw) }
      entries = []
      return
    }
    // SAFETY: the stream is open and closed once, after its last use.
    defer { unsafe closedir(stream) }
    var found: [Entry] = []
    // SAFETY: an entry is used before the next call, by this thread alone.
    while found.count < Self.maximumEntries, let entry = unsafe readdir(stream) {
      let name = unsafe Self.name(entry)
      guard let first = name.first, first != UInt8(ascii: ".") else { continue }
      var status = stat()
      let terminated = name.map { CChar(bitPattern: $0) } + [0]
      // SAFETY: the name ends with NUL; both outlive the call.
      guard unsafe fstatat(raw, terminated, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFREG || kind == S_IFDIR else { continue }
      found.append(Entry(name: name, isFolder: kind == S_IFDIR, size: Int64(status.st_size)))
    }
    entries = found.sorted {
      $0.isFolder == $1.isFolder ? $0.name.lexicographicallyPrecedes($1.name) : $0.isFolder
    }
  }

  /// The page for the folder reached by `path`.
  func html(for path: RequestPath) -> [UInt8] {
    let here = "/" + path.names.map { String(decoding: $0, as: UTF8.self) + "/" }.joined()
    var rows = path.names.isEmpty ? "" : "<tr><td><a href=\"../\">../</a></td><td></td></tr>\n"
    for entry in entries {
      let slash = entry.isFolder ? "/" : ""
      let name = Self.escaped(String(decoding: entry.name, as: UTF8.self)) + slash
      // `./` keeps a name with a colon from being read as a scheme.
      let link = "./" + RequestPath.encoded(entry.name) + slash
      let size = entry.isFolder ? "" : String(entry.size)
      rows += "<tr><td><a href=\"\(link)\">\(name)</a></td><td>\(size)</td></tr>\n"
    }
    let title = Self.escaped(here)
    let page = """
      <!doctype html>
      <meta charset="utf-8"><title>\(title)</title>
      <h1>\(title)</h1>
      <table><tr><th>name</th><th>bytes</th></tr>
      \(rows)</table>

      """
    return Array(page.utf8)
  }

  /// The name of an entry, which the system ends with NUL.
  private static func name(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    // SAFETY: the name begins at the field's offset and ends with NUL; a record may be shorter than
    // the type says, so it is read through the pointer and never copied whole.
    var next = unsafe UnsafeRawPointer(entry).advanced(by: offset)
      .assumingMemoryBound(to: UInt8.self)
    var bytes: [UInt8] = []
    while unsafe next.pointee != 0 {
      bytes.append(unsafe next.pointee)
      unsafe next += 1
    }
    return bytes
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
