#if canImport(Darwin)
  internal import Darwin
  #if !os(macOS)
    internal import os
  #endif
#endif

/// Looks at memory, again and again; what does not change it looks up once.
struct MemoryProbe {
  /// What stands before every path; empty but in tests.
  private let root: String
  private let mounts: String

  init(root: String = "") {
    self.root = root
    mounts = SystemText.read(root + "/proc/self/mountinfo") ?? ""
  }

  /// The groups the process is in now.
  private var groups: [ControlGroup] {
    ControlGroup.all(membership: text("/proc/self/cgroup"), mounts: mounts)
  }

  /// Files that tell how long something has waited for memory: the machine's, and the group's own
  /// where it has one.
  var pressurePaths: [MemoryBound.Source: String] { pressurePaths(groups) }

  private func pressurePaths(_ groups: [ControlGroup]) -> [MemoryBound.Source: String] {
    var paths: [MemoryBound.Source: String] = [.machine: root + "/proc/pressure/memory"]
    if let own = groups.first(where: { $0.version == .two }) {
      paths[.controlGroup] = "\(root)\(own.folder)/memory.pressure"
    }
    return paths
  }

  private func text(_ path: String) -> String { SystemText.read(root + path) ?? "" }
}

#if canImport(Darwin)
  extension MemoryProbe {
    /// What there is now.
    func snapshot() -> MemorySnapshot {
      let held = Self.footprint()
      var bounds = [Self.machine(held)].compactMap(\.self)
      #if !os(macOS)
        // What the system grants this app before it ends it.
        let available = UInt64(os_proc_available_memory())
        bounds.append(
          MemoryBound(
            source: .process, totalByteCount: held + available, freeByteCount: available,
            heldByteCount: held))
      #endif
      return MemorySnapshot(bounds: bounds)
    }

    private static func machine(_ held: UInt64) -> MemoryBound? {
      var statistics = vm_statistics64()
      let size = MemoryLayout<vm_statistics64>.size / MemoryLayout<integer_t>.size
      var count = mach_msg_type_number_t(size)
      // SAFETY: `statistics` is that many integers long and outlives the call, which fills it.
      let status = unsafe withUnsafeMutablePointer(to: &statistics) { pointer in
        unsafe pointer.withMemoryRebound(to: integer_t.self, capacity: size) {
          unsafe host_statistics64(mach_host_self(), HOST_VM_INFO64, $0, &count)
        }
      }
      guard status == KERN_SUCCESS else { return nil }
      let pageByteCount = UInt64(max(0, sysconf(_SC_PAGESIZE)))
      let pages =
        UInt64(statistics.free_count) + UInt64(statistics.inactive_count)
        + UInt64(statistics.purgeable_count)
      return MemoryBound(
        source: .machine,
        totalByteCount: UInt64(max(0, sysconf(_SC_PHYS_PAGES))) * pageByteCount,
        freeByteCount: pages * pageByteCount, heldByteCount: held)
    }

    private static func footprint() -> UInt64 {
      var usage = rusage_info_v4()
      // SAFETY: the flavor names the type of `usage`, which outlives the call that fills it.
      let status = unsafe withUnsafeMutablePointer(to: &usage) { pointer in
        unsafe pointer.withMemoryRebound(to: rusage_info_t?.self, capacity: 1) {
          unsafe proc_pid_rusage(getpid(), RUSAGE_INFO_V4, $0)
        }
      }
      return status == 0 ? usage.ri_phys_footprint : 0
    }
  }
#else
  extension MemoryProbe {
    /// What there is now.
    func snapshot() -> MemorySnapshot {
      var bounds: [MemoryBound] = []
      var holdUps: UInt64 = 0
      let status = text("/proc/self/status")
      let held = NamedValues.value(of: "RssAnon", in: status) ?? 0
      let memory = text("/proc/meminfo")
      if let total = NamedValues.value(of: "MemTotal", in: memory),
        let free = NamedValues.value(of: "MemAvailable", in: memory)
      {
        bounds.append(
          MemoryBound(
            source: .machine, totalByteCount: total, freeByteCount: free, heldByteCount: held))
      }
      let groups = groups
      for group in groups {
        let read = { (name: String) in SystemText.read("\(root)\(group.folder)/\(name)") }
        if let bound = group.bound(held: held, read) { bounds.append(bound) }
        holdUps &+= group.holdUpCount(read)
      }
      if let limit = NamedValues.softLimit("Max address space", in: text("/proc/self/limits")),
        let used = NamedValues.value(of: "VmSize", in: status)
      {
        bounds.append(
          MemoryBound(
            source: .process, totalByteCount: limit, freeByteCount: limit.subtracting(used),
            // Pages that an allocator gives back leave it the addresses.
            heldByteCount: NamedValues.value(of: "VmData", in: status) ?? 0))
      }
      let stalled = pressurePaths(groups).compactMapValues { path in
        SystemText.read(path).flatMap(NamedValues.stalledMicroseconds)
      }
      return MemorySnapshot(
        bounds: bounds,
        stalledMicroseconds: stalled,
        holdUpCount: stalled[.controlGroup] == nil ? holdUps : 0)
    }
  }
#endif
