import BSTKTestSupport
import Foundation

@testable import BSTKMemory

/// A machine as its kernel describes it, recorded into files.
struct RecordedMachine {
  private let folder: TemporaryFolder

  /// - Parameter files: Texts by their absolute paths.
  init(_ files: [String: String]) throws {
    folder = try TemporaryFolder()
    for (path, text) in files { try write(text, to: path) }
  }

  func write(_ text: String, to path: String) throws {
    let url = URL(filePath: folder.path + path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// What is seen of the machine now; the files stay as long as the value lives.
  func snapshot() -> MemorySnapshot {
    withExtendedLifetime(folder) { MemoryProbe(root: folder.path).snapshot() }
  }

  var pressurePaths: [MemoryBound.Source: String] { MemoryProbe(root: folder.path).pressurePaths }

  /// 24 GB, 12 of them available; the process holds 16 MiB.
  static let machine = [
    "/proc/meminfo": """
    MemTotal:       24000000 kB
    MemFree:         1000000 kB
    MemAvailable:   12000000 kB
    Buffers:           20528 kB
    HugePages_Total:       0

    """,
    "/proc/self/status":
      "Name:\tbstk\nVmSize:\t  409600 kB\nRssAnon:\t   16384 kB\nVmData:\t   30720 kB\n",
    "/proc/self/limits": """
    Limit                     Soft Limit           Hard Limit           Units
    Max cpu time              unlimited            unlimited            seconds
    Max address space         unlimited            unlimited            bytes

    """,
  ]

  /// The same with control groups of version two: a service within a slice, both with limits.
  static let versionTwo = machine.merging([
    "/proc/self/cgroup": "0::/user.slice/my\u{20}app.service\n",
    "/proc/self/mountinfo": """
    24 30 0:22 / /proc rw,nosuid shared:12 - proc proc rw
    35 30 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
    36 30 0:31 / /run rw - tmpfs tmpfs rw

    """,
    "/sys/fs/cgroup/cgroup.controllers": "memory pids\n",
    "/sys/fs/cgroup/user.slice/memory.max": "2000000000\n",
    "/sys/fs/cgroup/user.slice/memory.high": "max\n",
    "/sys/fs/cgroup/user.slice/memory.current": "1900000000\n",
    "/sys/fs/cgroup/user.slice/memory.stat": "anon 400000000\ninactive_file 1400000000\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.max": "max\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.high": "3000000000\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.current": "500000000\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.stat":
      "anon 100\nfile_mapped 100000000\nactive_file 200000000\ninactive_file 100000000\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.events":
      "low 0\nhigh 7\nmax 2\noom 0\noom_kill 0\n",
    "/sys/fs/cgroup/user.slice/my app.service/memory.pressure":
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=5000\nfull avg10=0.00 total=1\n",
  ]) { $1 }

  /// Version one beside an empty version two, seen from a container whose own group is mounted.
  static let versionOne = machine.merging([
    "/proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/0a1b/job\n0::/\n",
    "/proc/self/mountinfo": """
    35 31 0:32 /docker/0a1b /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,cpu,memory
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

    """,
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000000\n",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": "700000000\n",
    "/sys/fs/cgroup/memory/memory.stat":
      "inactive_file 1\ntotal_inactive_file 600000000\ntotal_mapped_file 9\n",
    "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/job/memory.usage_in_bytes": "0\n",
  ]) { $1 }
}
