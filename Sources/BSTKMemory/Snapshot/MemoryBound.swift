/// Something that ends the memory a process can have.
public struct MemoryBound: Hashable, Sendable {
  /// What sets the bound.
  public enum Source: Hashable, Sendable {
    /// The machine's memory.
    case machine
    /// A control group that the process is in, or one above it.
    case controlGroup
    /// A limit of the process alone: its address space, or what the system grants an app.
    case process
  }

  /// What sets the bound.
  public let source: Source
  /// The bytes there are in all.
  public let totalByteCount: UInt64
  /// The bytes that can be had now: unused, or given up by the system without harm.
  public let freeByteCount: UInt64
  /// The bytes that this process has of it and that no file backs; they can be used for something
  /// else.
  public let heldByteCount: UInt64

  /// Makes a bound.
  public init(
    source: Source, totalByteCount: UInt64, freeByteCount: UInt64, heldByteCount: UInt64 = 0
  ) {
    self.source = source
    self.totalByteCount = totalByteCount
    self.freeByteCount = freeByteCount
    self.heldByteCount = heldByteCount
  }
}
