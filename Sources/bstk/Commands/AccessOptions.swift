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

  // None of the messages repeats a value: it may be a secret, and messages end up in logs.
  mutating func validate() throws {
    for line in header {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw ValidationError("--header must be written as `Name: value`.")
      }
      guard Self.isToken(parts[0]) else {
        throw ValidationError(
          "The name in --header may hold letters, digits and !#$%&'*+-.^_`|~ only.")
      }
      guard parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw ValidationError("The value in --header must hold no control characters.")
      }
    }
    if let cacert { try Self.requireReadable(cacert, for: "--cacert") }
    if netrc, let home = Console.environment("HOME"), !home.isEmpty {
      try Self.requireReadable("\(home)/.netrc", for: "--netrc")
    }
  }

  /// Checks what is used only when there are addresses: themselves, and the environment.
  func validate(for addresses: [String]) throws {
    for address in addresses { try SourceAddress.check(address) }
    guard Self.token?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
      throw ValidationError(
        "BSTK_TOKEN must be one word of ASCII characters, without spaces or line ends inside.")
    }
  }

  /// Without what surrounds it: files of secrets mostly end with a line end.
  private static var token: String? {
    let text = Console.environment("BSTK_TOKEN") ?? ""
    let token = text.drop { $0.isWhitespace }
    guard let last = token.lastIndex(where: { !$0.isWhitespace }) else { return nil }
    return String(token[...last])
  }

  /// RFC 9110, 5.6.2.
  private static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  private static func requireReadable(_ path: String, for option: String) throws {
    do { _ = try FileHandle(path, .read) } catch {
      throw ValidationError("\(option): \(error.message).")
    }
  }
}
