#if os(Linux)
  import BSTKModelFiles
  import BSTKTestSupport
  import Foundation
  import Subprocess
  import SystemPackage
  import Testing

  @Suite("Memory of bstk calibrate")
  struct CalibrationMemoryTests {
    /// Copies the bundled model with its layers several times over, as one safetensors file.
    private func write(layers: Int, to folder: TemporaryFolder) throws {
      let source = try HuggingFaceFolder(path: BundledModelTests.source)
      let file = try SafetensorsFile(path: "\(BundledModelTests.source)/model.safetensors")
      var origins: [String: SafetensorsTensor] = [:]
      for tensor in file.tensors where !tensor.name.hasPrefix("model.layers.") {
        origins[tensor.name] = tensor
      }
      for layer in 0..<layers {
        for tensor in file.tensors where tensor.name.hasPrefix("model.layers.\(layer % 4).") {
          let rest = tensor.name.dropFirst("model.layers.0.".count)
          origins["model.layers.\(layer).\(rest)"] = tensor
        }
      }
      var writer = try SafetensorsWriter(
        path: folder.file("model.safetensors"),
        tensors: origins.map { name, tensor in
          try TensorDescription(
            name: name, type: tensor.description.type, shape: tensor.description.shape)
        })
      for tensor in writer.tensors {
        let origin = try #require(origins[tensor.name])
        var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
        var span = bytes.mutableSpan
        try file.readBytes(of: origin, from: 0, into: &span)
        try writer.append(bytes.span)
      }
      try writer.finish()
      for name in ["tokenizer.json", "config.json"] {
        var text = String(decoding: try source.auxiliaryBytes(name), as: UTF8.self)
        if name == "config.json" {
          text.replace("\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": \(layers)")
          #expect(text.contains("\"num_hidden_layers\": \(layers)"))
        }
        try folder.write(Array(text.utf8), to: name)
      }
    }

    /// The largest resident memory in KiB of a calibration of the model in `folder`.
    private func peak(of folder: TemporaryFolder) async throws -> Int {
      var highest = 0
      let result = try await Subprocess.run(
        .path(FilePath(Program.path)),
        arguments: Arguments(
          ["calibrate", folder.path, "--text", "\(BundledModelTests.source)/eval.txt"]
            + ["-o", folder.file("s"), "--windows", "16", "--window", "128"]
            + ["--gradient-windows", "16", "--threads", "2"]),
        input: .none, output: .discarded, error: .string(limit: 1 << 16)
      ) { process in
        // The mark only rises, and the process works until it ends: the last reading is the peak.
        let path = "/proc/\(process.processIdentifier.value)/status"
        while let status = try? String(contentsOfFile: path, encoding: .utf8) {
          let fields = Dictionary(
            status.split(separator: "\n").map { line in
              let parts = line.split(separator: ":", maxSplits: 1)
              return (String(parts[0]), parts.count > 1 ? parts[1].split(separator: "\t") : [])
            }, uniquingKeysWith: { first, _ in first })
          if fields["State"]?.first?.hasPrefix("Z") == true { break }
          if let text = fields["VmHWM"]?.first?.split(separator: " ").first, let value = Int(text) {
            highest = max(highest, value)
          }
          try await Task.sleep(for: .milliseconds(5))
        }
      }
      #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
      return highest
    }

    @Test("Eight times the layers take no more memory")
    func layers() async throws {
      var peaks: [Int] = []
      for layers in [4, 32] {
        let folder = try TemporaryFolder()
        try write(layers: layers, to: folder)
        peaks.append(try await peak(of: folder))
      }
      // The states of the windows before 28 layers take 44 MB, and the layers' moments 42 MB.
      #expect(peaks[0] > 10_000 && peaks[1] - peaks[0] < 12_000, "\(peaks) KiB")
    }
  }
#endif
