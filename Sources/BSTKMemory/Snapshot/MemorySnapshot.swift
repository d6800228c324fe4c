/// What memory can be had at one moment, by every bound that is known.
public struct MemorySnapshot: Hashable, Sendable {
  /// The machine's bound, those of control groups and of the process, as far as they are known.
  public let bounds: [MemoryBound]
  /// The microseconds so far in which something waited for memory (pressure stall information): on
  /// the machine, and in the process's control group, as far as that is known.
  public let stalledMicroseconds: [MemoryBound.Source: UInt64]
  /// How often processes of a control group were held up so far because it had too much memory;
  /// zero where the group's stalls are known, which tell more.
  public let holdUpCount: UInt64

  /// Makes a snapshot.
  public init(
    bounds: [MemoryBound], stalledMicroseconds: [MemoryBound.Source: UInt64] = [:],
    holdUpCount: UInt64 = 0
  ) {
    self.bounds = bounds
    self.holdUpCount = holdUpCount
    self.stalledMicroseconds = stalledMicroseconds
  }

  /// The memory of the machine this runs on, now.
  public static func now() -> MemorySnapshot { MemoryProbe().snapshot() }
}
