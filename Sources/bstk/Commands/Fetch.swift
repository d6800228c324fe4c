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
      reader of the output that goes away does not end the fetch; output that cannot be written \
      makes the exit code 2.

      --fit takes the largest model that fits the memory free here now, by the rule of \
      `bstk generate --ram auto`: the tightest of machine, control groups and process limits, \
      less a sixteenth of it (256 MiB to 4 GiB, a third of a small group) and 64 MiB to work in.

      JSON EVENTS
        --json prints one object a line. By event, its other keys:

        opened    what the budget buys: output, root_digest, file_bytes, chunks,
                  blocks; present_bytes of it were here
        progress  at most one a second, and the last: stored_bytes, total_bytes,
                  bytes_per_second, connections, and chunks and blocks verified
        verified  all before file_bytes is verified and may be used: chunks
        retry     a request is made again: code, message, delay_seconds
        warning   message
        done      the file is whole: output, root_digest, file_bytes, chunks,
                  blocks. cut_bytes is what the budget buys; a larger file stays.
                  payload_bytes, wasted_bytes and header_bytes were moved, in how
                  many requests, on how many connections; damaged_chunks of them
                  had to be fetched again
        error     (instead of done) code, message, offset, section, remedy

        Where the publisher measured it, quality and quality_metric are beside
        chunks. Each of these is one line:

        {"event":"verified","chunks":43,"file_bytes":1199872,
         "quality":12.34,"quality_metric":"perplexity"}
        {"event":"retry","code":"NETWORK","delay_seconds":0.4,
         "message":"https://example.org/model.bstk: Couldn't connect to server"}
        {"error":{"code":"REMOTE_MISSING","message":"...","remedy":"..."}}

      EXAMPLES
        bstk fetch https://example.org/model.bstk --mb 900
        bstk fetch https://example.org/model.bstk -o small.bstk --ram 2GiB
        bstk fetch https://example.org/model.bstk --fit
        bstk fetch https://a.org/m.bstk --mirror https://b.org/m.bstk --all
        bstk fetch "https://example.org/m.bstk#root=<64 hex digits>" --mb 900 --json

      ENVIRONMENT
        BSTK_TOKEN is sent as a bearer token to the first address's host. http_proxy,
        https_proxy, all_proxy and no_proxy are obeyed as by curl; CURL_CA_BUNDLE or
        SSL_CERT_FILE names a file of trusted certificates, unless --cacert does.

      EXIT CODES
        0 good, 1 the published file is invalid, 2 failure, 64 wrong usage, 130 and 143 stopped
      """)

  @Argument(help: "The address, http, https or file; #root=<digest> pins the model.")
  var url: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The file to make or to grow; by default the address's last part.", valueName: "file"),
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
    if all, budget.isGiven {
      throw ValidationError("--all cannot be combined with a budget.")
    }
    if json, quiet { throw ValidationError("--json cannot be combined with --quiet.") }
    try network.validate(for: url)
    _ = try outputName()
  }

  func execute() async throws {
    let request = FetchRequest(
      sources: [url] + network.mirror, output: try outputName(),
      budget: budget.budgetNow(isQuiet: quiet), options: network.options)
    Console.outlivesReaders.store(true, ordering: .relaxed)
    let printer = FetchPrinter(
      output: request.output, host: String(SourceAddress.host(of: url)), style: printerStyle)
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

  /// The file to make or to grow.
  private func outputName() throws -> String {
    guard let output else { return try SourceAddress.fileName(of: url) }
    if output.isEmpty { throw ValidationError("-o must name a file.") }
    if output == "-" {
      throw ValidationError(
        "A model is checked and grown in a file, not written to standard output: name one with -o.")
    }
    return output
  }
}
