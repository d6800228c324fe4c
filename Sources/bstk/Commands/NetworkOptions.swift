internal import ArgumentParser
internal import BSTKTransport

/// How to talk to servers.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Another address of the same file; may be repeated.", valueName: "url"))
  var mirror: [String] = []

  @Option(help: ArgumentHelp("The most connections at once.", valueName: "count"))
  var connections: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most megabytes a second, or with a unit: 500kB.", valueName: "size"),
    transform: ByteSize.read)
  var limitRate: ByteSize?

  @OptionGroup var access: AccessOptions

  /// The options together.
  var options: FetchOptions {
    var options = access.options
    if let connections { options.maximumConnectionCount = connections }
    options.bytesPerSecondLimit = limitRate.map { Int(clamping: $0.byteCount) }
    return options
  }

  mutating func validate() throws {
    if let connections, !(1...64).contains(connections) {
      throw ValidationError("--connections must be between 1 and 64.")
    }
    if let limitRate, limitRate.byteCount < 1_000 {
      throw ValidationError("--limit-rate must be at least 1kB.")
    }
  }

  /// Checks an address and its mirrors, and what is sent to them.
  func validate(for address: String) throws {
    try access.validate(for: [address] + mirror)
  }
}
