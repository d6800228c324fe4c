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
    help: ArgumentHelp("The most megabytes a second, or with a unit: 500kB.", valueName: "size"))
  var limitRate: ByteSize?

  @Option(
    help: ArgumentHelp(
      "A header for the first address's host, `Name: value`; may be repeated.",
      valueName: "header"))
  var header: [String] = []

  @Flag(help: "Take user names and passwords from ~/.netrc.")
  var netrc = false

  @Option(help: ArgumentHelp("A proxy, instead of the environment's.", valueName: "url"))
  var proxy: String?

  @Option(
    help: ArgumentHelp("A file of trusted certificates.", valueName: "file"),
    completion: .file())
  var cacert: String?

  /// The options together. `BSTK_TOKEN` in the environment is sent as a bearer token.
  var options: FetchOptions {
    var options = FetchOptions()
    if let connections { options.maximumConnectionCount = connections }
    options.bytesPerSecondLimit = limitRate.map { Int(clamping: $0.byteCount) }
    options.headers = header
    options.bearerToken = Console.environment("BSTK_TOKEN").flatMap { $0.isEmpty ? nil : $0 }
    options.usesNetrc = netrc
    options.proxy = proxy
    options.certificateAuthorityFile = cacert
    return options
  }

  mutating func validate() throws {
    if let connections, !(1...64).contains(connections) {
      throw ValidationError("--connections must be between 1 and 64.")
    }
    if let limitRate, limitRate.byteCount < 1_000 {
      throw ValidationError("--limit-rate must be at least 1kB.")
    }
    for line in header where !line.contains(":") || line.contains(where: \.isNewline) {
      throw ValidationError("--header must be written as `Name: value`.")
    }
  }
}
