internal import ArgumentParser
internal import BSTKServer

/// Serves a folder over HTTP until interrupted.
struct Serve: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a folder over HTTP with byte ranges, for trying out and for local networks.",
    discussion: """
      Only regular files of the folder are served: no symbolic links, no names that start with \
      a dot, nothing outside. There is no TLS and no authentication. Ctrl-C stops.

      EXAMPLES
        bstk serve .
        bstk serve ./models --port 8000
        bstk serve ./models --host 0.0.0.0 --port 8000 --quiet
      """)

  @Argument(help: "The folder to serve.", completion: .directory)
  var folder: String

  @Option(help: "The port, or 0 for a free one.")
  var port: UInt16 = 8_000

  @Option(help: "The address to bind; the default can only be reached from this machine.")
  var host = "127.0.0.1"

  @Flag(help: "Do not print a line for each request.")
  var quiet = false

  func execute() async throws {
    let quiet = quiet
    let server = RangeServer(root: folder, host: host, port: port) { record in
      if !quiet { Console.say(Self.line(record)) }
    }
    try server.start()
    Console.out(server.baseURL)
    Console.say("serving \(folder.printable); press Ctrl-C to stop")
    await Interruption.wait()
    server.stop()
    Console.say("stopped")
  }

  /// A request as a line, such as `206 GET /m.bstk bytes=0-99 100 B`.
  static func line(_ record: RequestRecord) -> String {
    let range = record.range.map { " " + $0.printable } ?? ""
    return "\(record.status) \(record.method) \(record.path.printable)\(range) "
      + ByteFormat.decimal(record.bytesSent)
  }
}
