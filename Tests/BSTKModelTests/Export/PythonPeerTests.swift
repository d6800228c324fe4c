import BSTKModelFiles
import BSTKFormat
import BSTKCompression
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("Files exchanged with Python")
struct PythonPeerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `reads every type that the safetensors library writes`() async throws {
    guard let python = await PythonPeer.having("numpy", "safetensors") else { return }
    let sums = try await python.run(
      """
      import sys, numpy as np
      from safetensors.numpy import save_file
      rng = np.random.default_rng(11)
      tensors = {}
      for kind in ["float64", "float32", "float16"]:
          tensors[kind] = rng.standard_normal((5, 7, 3)).astype(kind)
      for kind in ["int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"]:
          tensors[kind] = rng.integers(0, 100, (4, 9)).astype(kind)
      tensors["bool"] = rng.integers(0, 2, 13).astype(bool)
      tensors["big"] = rng.standard_normal((1000, 701)).astype("float32")
      tensors["a name with spaces and \\u00e9"] = np.zeros((0, 2), "float32")
      save_file(tensors, sys.argv[1], metadata={"note": "\\u00fcber \\"quotes\\""})
      for name, value in tensors.items():
          print(name, sum(value.tobytes()), repr(float(value.astype("float64").sum())), sep="|")
      """, folder.file("m.safetensors"))
    let file = try SafetensorsFile(path: folder.file("m.safetensors"))
    #expect(file.metadata == ["note": "über \"quotes\""])
    let lines = sums.split(separator: "\n")
    #expect(lines.count == file.tensors.count)
    for line in lines {
      let fields = line.split(separator: "|")
      let tensor = try #require(file.tensor(named: String(fields[0])))
      var bytes = [UInt8](repeating: 0, count: tensor.description.byteCount)
      var span = bytes.mutableSpan
      try file.readBytes(of: tensor, from: 0, into: &span)
      #expect(bytes.reduce(0) { $0 + Int($1) } == Int(fields[1]), "\(line)")
      guard tensor.description.type.isFloatingPoint else { continue }
      var floats = [Float](repeating: 0, count: tensor.description.elementCount)
      var target = floats.mutableSpan
      try file.readFloats(of: tensor, from: 0, into: &target)
      let sum = try #require(Double(fields[2]))
      #expect(abs(floats.reduce(0) { $0 + Double($1) } - sum) < 1e-3, "\(line)")
    }
  }

  @Test func `the safetensors library reads what the writer wrote`() async throws {
    guard let python = await PythonPeer.having("torch", "safetensors") else { return }
    try RandomModel().write(to: folder)
    let printed = try await python.run(
      """
      import sys
      from safetensors import safe_open
      with safe_open(sys.argv[1], "pt") as file:
          print(file.metadata())
          for name in sorted(file.keys()):
              tensor = file.get_tensor(name)
              print(name, str(tensor.dtype), list(tensor.shape), sep="|")
      """, folder.file("model.safetensors"))
    let names: [ElementType: String] = [
      .f64: "float64", .f32: "float32", .f16: "float16", .bf16: "bfloat16", .i64: "int64",
    ]
    let expected = try RandomModel().tensors.map { tensor in
      "\(tensor.name)|torch.\(try #require(names[tensor.type]))|\(tensor.shape)"
    }
    #expect(printed == (["{'format': 'pt'}"] + expected).joined(separator: "\n") + "\n")
  }

  @Test(arguments: MatrixKind.allCases) func `transformers loads an exported prefix unchanged`(
    _ kind: MatrixKind
  ) async throws {
    guard let python = await PythonPeer.having("torch", "transformers") else { return }
    let source = try HuggingFaceFolder(path: ModelFolders.trained.path)
    let path = folder.file("m.bstk")
    switch kind {
    case .signBlocks:
      var options = CompressionOptions()
      options.levelCount = 2
      options.rank = 4
      try Compressor(options: options).compress(source, to: path)
    case .nestedPlanes: try NestedCompression(source).run(to: path)
    }
    let file = try ModelFile(path)
    let cut = file.chunkCount - 5
    try Exporter().export(BSTKWeights(file, chunkCount: cut), to: folder.file("default"))
    var half = ExportOptions()
    half.elementType = .f16
    half.shardByteCount = 1_500_000
    try Exporter(options: half).export(BSTKWeights(file), to: folder.file("sharded"))
    let printed = try await python.run(
      """
      import sys, logging, torch
      from transformers import AutoModelForCausalLM, AutoTokenizer
      for folder in sys.argv[1:]:
          model, report = AutoModelForCausalLM.from_pretrained(
              folder, output_loading_info=True, dtype="auto")
          text = AutoTokenizer.from_pretrained(folder)("And God said", return_tensors="pt")
          logits = model(**text).logits
          print(model.dtype, sum(p.numel() for p in model.parameters()),
                *(len(report[kind]) for kind in ["missing_keys", "unexpected_keys"]),
                bool(torch.isfinite(logits).all()))
      """, folder.file("default"), folder.file("sharded"))
    let count = source.tensors.reduce(0) { $0 + $1.elementCount }
    #expect(
      printed == """
        torch.bfloat16 \(count) 0 0 True
        torch.float16 \(count) 0 0 True

        """)
  }
}
