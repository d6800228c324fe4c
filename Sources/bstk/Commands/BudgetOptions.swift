internal import ArgumentParser
internal import BSTKFormat
internal import BSTKMemory

/// What a client can afford; the tightest bound decides.
struct BudgetOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "File size in megabytes (10^6 bytes), or with a unit: 1.5GB, 800MiB.", valueName: "size"),
    transform: ByteSize.read)
  var mb: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Memory for the weights in megabytes, or with a unit: 2GiB; auto: as --fit.",
      valueName: "size"),
    transform: MemorySize.read)
  var ram: MemorySize?

  @Flag(help: "What fits the memory that is free here now, with some kept back.")
  var fit = false

  @Option(help: ArgumentHelp("Number of blocks, the base's included.", valueName: "count"))
  var blocks: Int?

  /// Whether memory follows the machine.
  var isAutomatic: Bool { fit || ram == .automatic }

  /// Whether any bound was given.
  var isGiven: Bool { isAutomatic || sizes != .unlimited }

  /// The bounds that were given in numbers; none at all when nothing was.
  var sizes: Budget {
    let ram: ByteSize? = if case .size(let size) = ram { size } else { nil }
    return Budget(
      fileByteCount: mb?.byteCount, residentByteCount: ram?.byteCount, blockCount: blocks)
  }

  /// The bounds together.
  ///
  /// - Parameters:
  ///   - memory: What the machine leaves; nil bounds nothing.
  ///   - cacheByteCount: What a key-value cache will need beside the weights.
  func budget(_ memory: MemoryAllowance?, cacheByteCount: UInt64 = 0) -> Budget {
    var budget = sizes
    if isAutomatic, let memory {
      let weights = memory.weightByteCount(cacheByteCount: cacheByteCount)
      budget.residentByteCount = min(budget.residentByteCount ?? .max, weights)
    }
    return budget
  }

  /// The bounds together, as the machine is now; what was found of it is said on standard error.
  ///
  /// - Parameter cacheByteCount: What a key-value cache will need beside the weights.
  func budgetNow(cacheByteCount: UInt64 = 0, isQuiet: Bool = false) -> Budget {
    guard isAutomatic else { return sizes }
    let memory = MemoryAllowance(.now())
    if !isQuiet { Console.say(memory?.text ?? MemoryAllowance.unknownText) }
    return budget(memory, cacheByteCount: cacheByteCount)
  }

  mutating func validate() throws {
    if let blocks, blocks < 0 { throw ValidationError("--blocks must not be negative.") }
    if fit, case .size = ram {
      throw ValidationError("--fit and --ram with a size exclude each other.")
    }
  }
}
