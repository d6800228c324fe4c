internal import BSTKFormat
internal import BSTKInference
internal import BSTKMemory
internal import BSTKStore
internal import BSTKStreaming

/// Keeps a model in memory at the size it should have: what the budget buys, as far as it has
/// arrived and as far as the machine has memory for it.
struct SizeKeeper: ~Copyable {
  /// What the user asked for.
  private(set) var wanted: Cut
  /// Where the blocks come from while they arrive.
  let published: PublishedModel?
  /// Descriptors with urgent news when memory becomes short.
  private(set) var descriptors: [Int32] = []
  /// The chunks for which there is memory.
  private var allowed = Int.max
  private var watch: MemoryWatch?
  /// The bytes of the weights that are or will be in memory.
  private var planned: (chunkCount: Int, byteCount: UInt64) = (0, 0)

  /// - Parameters:
  ///   - allowed: The cut for which there is memory; nil when that is not known yet.
  ///   - cacheByteCount: Of a text's keys and values where memory is to be watched; nil otherwise.
  init(
    wanted: Cut, allowed: Cut?, published: PublishedModel?, watchingBeside cacheByteCount: UInt64?
  ) {
    self.wanted = wanted
    self.published = published
    if let allowed, allowed.chunkCount < wanted.chunkCount { self.allowed = allowed.chunkCount }
    guard let cacheByteCount else { return }
    let watch = MemoryWatch(cacheByteCount: cacheByteCount)
    descriptors = watch.descriptors
    self.watch = consume watch
  }

  /// Whether there is something to do while nothing is being written.
  func isBusy(_ model: borrowing ResizableModel) -> Bool { watch != nil || model.file == nil }

  /// Takes note of the cache of the text that is being written.
  mutating func expect(cacheByteCount: Int) { watch?.cacheByteCount = UInt64(cacheByteCount) }

  /// Takes another wish, and fulfils it as far as that is possible now.
  ///
  /// - Returns: The blocks that were added, or with a minus dropped.
  mutating func want(_ cut: Cut, _ model: inout ResizableModel) throws -> Int {
    wanted = cut
    return try apply(&model)
  }

  /// Looks after the size between two tokens, and says so when memory made it change.
  ///
  /// - Returns: Whether something was said.
  @discardableResult
  mutating func tend(
    _ model: inout ResizableModel, isUrgent: Bool = false, isMidLine: Bool = false
  ) throws -> Bool {
    let before = allowed
    let isHeldBack = model.chunkCount >= before
    look(model.manifest, isUrgent: isUrgent)
    let changed = try apply(&model)
    guard allowed != before, changed < 0 || changed > 0 && isHeldBack else { return false }
    let reason = changed < 0 ? "memory is needed elsewhere" : "memory is free again"
    let now = "\(ByteFormat.decimal(model.cut.residentByteCount)) of weights"
    let finding = (watch?.allowance?.text).map { " (\($0))" } ?? ""
    let isOnScreen = Console.Stream.output.isTerminal && Console.Stream.error.isTerminal
    Console.say(
      "\(isMidLine && isOnScreen ? "\n" : "")\(reason)\(finding): "
        + "\(ByteFormat.count(abs(changed), "block")) \(changed < 0 ? "dropped" : "taken up"), "
        + "now \(now)")
    return true
  }

  /// Asks how much memory there is.
  private mutating func look(_ manifest: Manifest, isUrgent: Bool) {
    guard watch != nil else { return }
    let count = min(wanted.chunkCount, allowed)
    if planned.chunkCount != count {
      planned = (count, manifest.cut(afterChunks: count).residentByteCount)
    }
    guard
      let bytes = watch?.desiredByteCount(
        holding: planned.byteCount, most: wanted.residentByteCount, isSignalled: isUrgent)
    else { return }
    let cut = try? manifest.cut(within: Budget(residentByteCount: bytes))
    // Below the base there is no model.
    allowed = cut?.chunkCount ?? manifest.baseChunkCount
  }

  private mutating func apply(_ model: inout ResizableModel) throws -> Int {
    let before = model.chunkCount
    let limit = min(wanted.chunkCount, allowed)
    if let published, model.file == nil {
      if case .success = published.arriving.end { model.file = try published.open() }
    }
    if before > limit {
      try model.resize(to: model.manifest.cut(afterChunks: limit))
    } else if let file = model.file {
      let end = min(limit, file.chunkCount)
      if before < end { try model.resize(to: model.manifest.cut(afterChunks: end)) }
    } else if let published {
      try published.arriving.grow(&model, toChunks: limit)
    }
    return model.chunkCount - before
  }
}
