internal import ArgumentParser
internal import BSTKCompression
internal import BSTKFormat
internal import BSTKStore

/// Brings a published BitStack checkpoint into the container.
struct Import: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn a published BitStack checkpoint into a .bstk file, bit for bit.",
    discussion: """
      The folder is an ordinary checkpoint of the BitStack reference code: safetensors with \
      qweight, u and vt tensors, and compression_config.json, whose order is kept.

      EXAMPLES
        bstk import BitStack-Llama-3.1-8B -o llama.bstk
      """)

  @Argument(help: "The folder of the checkpoint.", completion: .directory)
  var folder: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Flag(help: "Print one JSON object instead.")
  var json = false

  var reportsJSON: Bool { json }

  func execute() async throws {
    let importer = try BitStackImporter(folder: folder)
    let bar = ProgressBar(
      FileSystem.name(of: output), total: importer.blockByteCount,
      mode: json ? .silent : .automatic)
    let cancellation = Cancellation()
    do {
      defer { bar.finish() }
      _ = try importer.write(to: output) { byteCount throws(BSTKError) in
        try cancellation.check()
        bar.update(completed: byteCount)
      }
    }
    let report = ModelReport(try NamedModel(file: output))
    if json { try JSONLines.print(report) } else { report.print(withOrder: false) }
  }
}
