internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore
internal import BSTKTransport

/// What a server wants to know before it hands out a file, and the way there.
struct AccessOptions: ParsableArguments {
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
    options.headers = header
    options.bearerToken = Self.token
    options.usesNetrc = netrc
    options.proxy = proxy
    options.certificateAuthorityFile = cacert
    return options
  }

  mutating func validate() throws {
    for line in header {
      try Self.refuse("--header") { () throws(BSTKError) in try RequestHeaders.check(header: line) }
    }
    if let cacert { try Self.requireReadable(cacert, for: "--cacert") }
    if netrc, let home = Console.environment("HOME"), !home.isEmpty {
      try Self.requireReadable("\(home)/.netrc", for: "--netrc")
    }
  }

  /// Checks what is used only when there are addresses: themselves, and the environment.
  func validate(for addresses: [String]) throws {
    for address in addresses { try SourceAddress.check(address) }
    guard let token = Self.token else { return }
    try Self.refuse("BSTK_TOKEN") { () throws(BSTKError) in
      try RequestHeaders.check(bearerToken: token)
    }
  }

  /// Without what surrounds it: files of secrets mostly end with a line end.
  private static var token: String? {
    let text = Console.environment("BSTK_TOKEN") ?? ""
    let token = text.drop { $0.isWhitespace }
    guard let last = token.lastIndex(where: { !$0.isWhitespace }) else { return nil }
    return String(token[...last])
  }

  /// Makes a mistake of what is wrong with an option.
  private static func refuse(_ option: String, _ check: () throws(BSTKError) -> Void) throws {
    do { try check() } catch {
      throw ValidationError("\(option): \(error.message)\(error.remedy.map { "; \($0)" } ?? "").")
    }
  }

  private static func requireReadable(_ path: String, for option: String) throws {
    try refuse(option) { () throws(BSTKError) in _ = try FileHandle(path, .read) }
  }
}
