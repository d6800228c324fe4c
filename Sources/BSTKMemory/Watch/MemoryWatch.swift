/// Watches the memory others need while a model runs.
///
/// ```swift
/// var watch = MemoryWatch(cacheByteCount: cache)
/// // between two tokens
/// if let target = watch.desiredByteCount(holding: weights, most: all) { resize(target) }
/// ```
///
/// Asking costs a system call most of the time: memory is looked at every tenth of a second, and
/// when the kernel says that somebody has waited for it (pressure stall information on Linux, the
/// dispatch source for memory pressure on Apple's systems).
public struct MemoryWatch: ~Copyable {
  /// What the key-value cache may come to.
  public var cacheByteCount: UInt64

  private static let lookSeconds = 0.1
  /// The share of a time that must have been waited for memory to call it pressure.
  private static let stallShare = 0.1
  /// Seconds for which a signal of pressure holds.
  private static let pressureSeconds = 2.0

  private let probe: MemoryProbe
  private let signal: PressureSignal
  private let start = ContinuousClock.now
  private var balance = MemoryBalance()
  private var last: (seconds: Double, snapshot: MemorySnapshot)?
  private var lastPressure: [MemoryBound.Source: Double] = [:]

  /// Starts watching.
  public init(cacheByteCount: UInt64) { self.init(MemoryProbe(), cacheByteCount: cacheByteCount) }

  init(_ probe: MemoryProbe, cacheByteCount: UInt64) {
    self.probe = probe
    self.cacheByteCount = cacheByteCount
    signal = PressureSignal(Array(probe.pressurePaths.values))
  }

  /// File descriptors that `poll` reports as `POLLPRI` when memory becomes short, for who waits for
  /// something else meanwhile; none where there is no such thing.
  public var descriptors: [Int32] { signal.descriptors }

  /// The rule applied at the last look; nil before the first, and where no bound is known.
  public private(set) var allowance: MemoryAllowance?

  /// What the weights should take now; nil when they should stay as they are.
  ///
  /// - Parameters:
  ///   - holding: What the weights take.
  ///   - most: What they could take at most.
  ///   - isSignalled: Whether one of ``descriptors`` has been reported to the caller, which is done
  ///     only once.
  public mutating func desiredByteCount(
    holding: UInt64, most: UInt64, isSignalled: Bool = false
  ) -> UInt64? {
    let elapsed = ContinuousClock.now - start
    let now = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    let isSignalled = signal.take() || isSignalled
    // Where the kernel counts stalls, the count says what a signal is worth.
    if isSignalled, !PressureSignal.isCounted { lastPressure[.machine] = now }
    guard isSignalled || now - (last?.seconds ?? -.infinity) >= Self.lookSeconds else {
      return nil
    }
    return desiredByteCount(probe.snapshot(), holding: holding, most: most, now: now)
  }

  mutating func desiredByteCount(
    _ snapshot: MemorySnapshot, holding: UInt64, most: UInt64, now: Double
  ) -> UInt64? {
    if let last {
      for (source, stalled) in snapshot.stalledMicroseconds {
        let before = last.snapshot.stalledMicroseconds[source] ?? stalled
        if Double(stalled.subtracting(before)) * 1e-6 > (now - last.seconds) * Self.stallShare {
          lastPressure[source] = now
        }
      }
      if snapshot.holdUpCount > last.snapshot.holdUpCount { lastPressure[.controlGroup] = now }
    }
    last = (now, snapshot)
    let pressed = lastPressure.filter { now - $0.value < Self.pressureSeconds }.keys
    allowance = MemoryAllowance(snapshot, pressed: Set(pressed))
    guard let allowance else { return nil }
    return balance.desiredByteCount(
      allowance, isUnderPressure: pressed.contains(allowance.bound.source),
      cacheByteCount: cacheByteCount,
      holding: holding, most: most, now: now)
  }
}
