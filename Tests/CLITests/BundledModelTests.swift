import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("compress, cut and export the bundled model")
struct BundledModelTests {
  /// The folder of the bundled model, found from this file.
  static let source = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/models/pd-llama").standardizedFileURL.path

  /// What makes sign blocks instead of planes.
  static let reference = ["--profile", "reference", "--levels", "4", "--rank", "4"]

  @Test(
    "Every cut has its state, exports from the base on, and no matrix gets worse",
    arguments: [[], reference])
  func cuts(_ options: [String]) async throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.bstk")
    let compress = try await Program.run(
      ["compress", Self.source, "-o", model, "--json"] + options)
    #expect(compress.code == 0, "\(compress)")
    let manifest = try ModelFile(model).manifest
    #expect(try compress.object()["blocks"] as? Int == manifest.blockCount)
    // With the embedding, which is coded in parts, or without.
    #expect(manifest.matrixTensors.count == (options.isEmpty ? 29 : 28))
    let levels = options.isEmpty ? NestedCompressionOptions().planeCount : 4
    #expect(manifest.matrices.allSatisfy { $0.levelCount == levels })
    let bytes = try folder.read("m.bstk")
    let original = try HuggingFaceFolder(path: Self.source)
    var previous = [Double](repeating: .infinity, count: manifest.matrices.count)
    for cut in 1...20 {
      let count = bytes.count * cut / 20
      let path = try folder.write(Array(bytes.prefix(count)), to: "cut.bstk")
      let verify = try await Program.run(["verify", path])
      let output = folder.file("out-\(cut)")
      let export = try await Program.run(["export", path, "-o", output])
      guard UInt64(count) >= manifest.header.baseEnd else {
        #expect(verify.code == 1 && export.code == 1)
        #expect(!FileManager.default.fileExists(atPath: output))
        continue
      }
      #expect(verify.code == 0)
      #expect(verify.output.contains(manifest.state(ofByteCount: UInt64(count)).description))
      #expect(export.code == 0, "\(export)")
      #expect(try HuggingFaceFolder(path: output).tensors == original.tensors)
      let errors = try RelativeErrors(of: BSTKWeights(ModelFile(path)), against: original)
      for (index, matrix) in errors.matrices.enumerated() {
        #expect(matrix.relativeError <= previous[index], "\(matrix.name) at \(count) bytes")
        previous[index] = matrix.relativeError
      }
      try FileManager.default.removeItem(atPath: output)
    }
  }

  @Test("Equal input and options give equal bytes", arguments: [["--levels", "2"], reference])
  func deterministic(_ options: [String]) async throws {
    let folder = try TemporaryFolder()
    for name in ["a.bstk", "b.bstk"] {
      let run = try await Program.run(
        ["compress", Self.source, "-o", folder.file(name)] + options)
      #expect(run.code == 0)
    }
    #expect(try folder.read("a.bstk") == folder.read("b.bstk"))
  }

  @Test("export does not replace a folder without being told")
  func exists() async throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.bstk")
    _ = try await Program.run(
      ["compress", Self.source, "-o", model, "--levels", "2"])
    let arguments = ["export", model, "-o", folder.file("out")]
    #expect(try await Program.run(arguments).code == 0)
    let again = try await Program.run(arguments)
    #expect(again.code == 2 && again.error.contains("error[EXISTS]"), "\(again)")
    #expect(try await Program.run(arguments + ["--force"]).code == 0)
  }

  @Test(
    "Without OpenBLAS models are still checked, and compressing says what is missing",
    .enabled("no private mounts") { await PrivateDisk.isAvailable.value })
  func withoutLinearAlgebra() async throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.bstk")
    let compress = try await Program.run(
      ["compress", Self.source, "-o", model, "--levels", "2"])
    #expect(compress.code == 0, "\(compress)")
    let run = try await PrivateDisk.run(
      "size=8m",
      """
      for library in $(/sbin/ldconfig -p | awk '/libopenblas/ { print $NF }'); do
        mount --bind /dev/null "$(readlink -f "$library")"
      done
      bstk verify '\(model)' >&2; echo $?
      bstk compress '\(Self.source)' -o new.bstk; echo $? *
      """)
    #expect(run.output == "0\n2 *\n", "\(run)")
    #expect(run.error.contains("error[NUMERICS]: OpenBLAS"), "\(run)")
    #expect(run.error.contains("help: install it"), "\(run)")
  }
}
