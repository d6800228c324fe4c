/// How much of the memory that can be had a model may take: what is free by the tightest bound, less
/// a reserve for everybody else.
///
/// The reserve is a sixteenth of the bound's total, at least 256 MiB and at most 4 GiB, but never
/// more than a third. The least is what a desktop program or a compiler takes between two looks; a
/// large machine needs no more in proportion, and in a small control group a third leaves most of
/// it to the model. What the process holds already counts as free: it is replaced, not added to.
public struct MemoryAllowance: Hashable, Sendable {
  /// What a process that runs a model needs beside weights and cache: its own code and data, and
  /// the intermediate values of a tile of tokens.
  public static let workingByteCount: UInt64 = 64 << 20

  /// The bound that decides.
  public let bound: MemoryBound
  /// What is kept back of it; under pressure twice the usual.
  public let reserveByteCount: UInt64
  /// What this process may hold in all.
  public let usableByteCount: UInt64

  /// Applies the rule; nil where no bound is known.
  ///
  /// - Parameter pressed: Where others wait for memory; the reserve of these bounds is doubled.
  public init?(_ snapshot: MemorySnapshot, pressed: Set<MemoryBound.Source> = []) {
    let candidates = snapshot.bounds.map { bound in
      let reserve =
        Self.reserveByteCount(ofTotal: bound.totalByteCount)
        * (pressed.contains(bound.source) ? 2 : 1)
      let (sum, isHuge) = bound.freeByteCount.addingReportingOverflow(bound.heldByteCount)
      return (
        bound: bound, reserve: reserve,
        usable: min(isHuge ? .max : sum, bound.totalByteCount).subtracting(reserve)
      )
    }
    guard let tightest = candidates.min(by: { $0.usable < $1.usable }) else { return nil }
    bound = tightest.bound
    reserveByteCount = tightest.reserve
    usableByteCount = tightest.usable
  }

  /// What is kept back of a bound.
  public static func reserveByteCount(ofTotal total: UInt64) -> UInt64 {
    min(min(max(total / 16, 256 << 20), 4 << 30), total / 3)
  }

  /// What weights may take beside a key-value cache.
  public func weightByteCount(cacheByteCount: UInt64 = 0) -> UInt64 {
    usableByteCount.subtracting(cacheByteCount).subtracting(Self.workingByteCount)
  }
}
