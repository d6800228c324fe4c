internal import ArgumentParser
internal import BSTKFormat

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
      "Memory for the weights in megabytes, or with a unit: 2GiB.", valueName: "size"),
    transform: ByteSize.read)
  var ram: ByteSize?

  @Option(help: ArgumentHelp("Number of blocks, the base's included.", valueName: "count"))
  var blocks: Int?

  /// The bounds together; none at all when nothing was given.
  var budget: Budget {
    Budget(fileByteCount: mb?.byteCount, residentByteCount: ram?.byteCount, blockCount: blocks)
  }

  mutating func validate() throws {
    if let blocks, blocks < 0 { throw ValidationError("--blocks must not be negative.") }
  }
}
