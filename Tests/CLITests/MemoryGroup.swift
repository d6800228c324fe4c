import Foundation

/// A control group with a limit of memory, gone with the value.
final class MemoryGroup: Sendable {
  /// The folder of the group.
  let folder: String
  private let eventFile: String

  /// The folders under which groups of version two and one are made.
  private static let parents = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"]

  /// Makes a group; nil where the system does not let us, which is said once.
  init?(byteLimit: Int) {
    let name = "bstk-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let parent = Self.parents.first { parent in
      FileManager.default.fileExists(atPath: "\(parent)/cgroup.procs")
    }
    guard let parent else { return nil }
    let folder = "\(parent)/\(name)"
    // SAFETY: the path is a valid C string during the call.
    guard unsafe mkdir(folder, 0o755) == 0 else { return nil }
    let isTwo = FileManager.default.fileExists(atPath: "\(folder)/memory.max")
    self.folder = folder
    eventFile = "\(folder)/" + (isTwo ? "memory.events" : "memory.oom_control")
    let limit = "\(folder)/" + (isTwo ? "memory.max" : "memory.limit_in_bytes")
    guard (try? Data("\(byteLimit)".utf8).write(to: URL(filePath: limit))) != nil,
      (try? killCount()) != nil
    else { return nil }
  }

  deinit {
    // The kernel keeps a group busy for a moment after its last process.
    // SAFETY: the path is a valid C string during the call.
    for _ in 0..<200 where unsafe rmdir(folder) != 0 { usleep(10_000) }
  }

  /// Whether groups can be made; said once when they cannot.
  static let isAvailable: Bool = {
    let isAvailable = MemoryGroup(byteLimit: 1 << 30) != nil
    if !isAvailable {
      print("skipped: no control group with memory can be made below \(parents)")
    }
    return isAvailable
  }()

  /// How many of its processes the kernel has killed.
  func killCount() throws -> Int {
    let text = try String(contentsOfFile: eventFile, encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? -1
  }
}
