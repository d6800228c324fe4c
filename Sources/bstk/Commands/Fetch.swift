internal import ArgumentParser
internal import BSTKFormat
internal import BSTKTransport
internal import Synchronization

/// Downloads the prefix that a budget buys.
struct Fetch: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Download as much of a published model as you can afford; run again to grow it.",
    discussion: """
      Without a budget the whole model is fetched. What arrives is verified, and what is already \
      here is not fetched again: the same command continues an interrupted fetch, and a larger \
      budget grows the file in place. A smaller budget never shrinks it; `bstk trim` does.

      On a terminal one line shows how far the fetch is; elsewhere a line is printed every five \
      seconds. Where the publisher measured quality, it says what the model is worth so far. A \
      reader of the output that goes away does not end the fetch.

      JSON EVENTS
        --json prints one object a line. What is worth knowing of each event:

        opened    the cut: file_bytes, chunks, blocks; present_bytes of it were here
        progress  at most one a second: stored_bytes, total_bytes, bytes_per_second,
                  connections, and chunks and blocks verified
        verified  all before file_bytes is verified and may be used
        retry     code, message, delay_seconds: a request is made again
        warning   message
        done      the file is whole: payload_bytes, wasted_bytes and header_bytes
                  were moved, in how many requests, on how many connections
        error     (instead of done) code, message, offset, section, remedy

        {"event":"verified","chunks":43,"file_bytes":1199872,
         "quality":12.34,"quality_metric":"perplexity"}
        {"event":"retry","code":"NETWORK","delay_seconds":0.4,
         "message":"https://example.org/model.bstk: Couldn't connect to server"}
        {"error":{"code":"REMOTE_MISSING","message":"...","remedy":"..."}}

        (Each is one line.) quality is there when the publisher measured it.

      EXAMPLES
        bstk fetch https://example.org/model.bstk --mb 900
        bstk fetch https://example.org/model.bstk -o small.bstk --ram 2GiB
        bstk fetch https://a.org/m.bstk --mirror https://b.org/m.bstk --all
        bstk fetch "https://example.org/m.bstk#root=<64 hex digits>" --mb 900 --json

      ENVIRONMENT
        BSTK_TOKEN is sent as a bearer token to the first address's host; http_proxy,
        https_proxy, all_proxy, no_proxy and SSL_CERT_FILE as curl understands them.

      EXIT CODES
        0 good, 1 the published file is invalid, 2 failure, 64 wrong usage, 130 and 143 stopped
      """)

  @Argument(help: "The address, http, https or file; #root=<digest> pins the model.")
  var url: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to make or to grow.", valueName: "file"),
    completion: .file(extensions: ["bstk"]))
  var output: String?

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @Flag(help: "The whole model, which is the default without a budget.")
  var all = false

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Flag(help: "Print one JSON object for each event.")
  var json = false

  @Flag(name: [.short, .long], help: "Print nothing but errors.")
  var quiet = false

  var reportsJSON: Bool { json }

  mutating func validate() throws {
    if all, budget.budget != .unlimited {
      throw ValidationError("--all cannot be combined with a budget.")
    }
  }

  func execute() async throws {
    let request = FetchRequest(
      sources: [url] + network.mirror, output: try output ?? Self.name(of: url),
      budget: budget.budget, options: network.options)
    Console.outlivesReaders.store(true, ordering: .relaxed)
    let printer = FetchPrinter(output: request.output, style: printerStyle)
    let stopSignal = Atomic<Int32>(0)
    let task = Task { try await Fetcher().fetch(request) { printer.take($0) } }
    let token = Interruption.listen { number in
      // A second signal is from somebody who does not want to wait for a clean end.
      if stopSignal.exchange(number, ordering: .relaxed) != 0 { Interruption.endProcess() }
      task.cancel()
    }
    defer { withExtendedLifetime(token) {} }
    do {
      _ = try await task.value
      printer.finish()
    } catch {
      printer.finish()
      let number = stopSignal.load(ordering: .relaxed)
      guard number != 0, (error as? BSTKError)?.code == .cancelled else { throw error }
      ErrorReport(error).print(asJSON: json)
      throw ExitCode(128 + number)
    }
  }

  private var printerStyle: FetchPrinter.Style {
    if json { return .json }
    return quiet ? .quiet : .text
  }

  /// The last part of the address's path.
  private static func name(of url: String) throws -> String {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard path.contains("://"), !name.isEmpty, name != ".", name != "..",
      path.split(separator: "/").count > 2
    else {
      throw ValidationError("The address names no file; choose one with -o.")
    }
    return String(name)
  }
}
