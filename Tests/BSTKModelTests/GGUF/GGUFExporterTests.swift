import BSTKCompression
import BSTKInference
import BSTKModelFiles
import BSTKNumerics
import BSTKTokenizer
import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@Suite("GGUF: what is written")
struct GGUFExporterTests {
  private let folder: TemporaryFolder
  private let weights: BSTKWeights

  init() throws {
    folder = try TemporaryFolder()
    var options = CompressionOptions()
    options.levelCount = 2
    options.rank = 4
    try Compressor(options: options).compress(
      HuggingFaceFolder(path: ModelFolders.trained.path), to: folder.file("m.bstk"))
    let file = try ModelFile(folder.file("m.bstk"))
    weights = try BSTKWeights(file, chunkCount: file.chunkCount - 3)
  }

  @discardableResult
  private func export(
    _ type: GGUFExportOptions.ElementType, to name: String, replacing: Bool = false
  ) throws -> GGUFFile {
    var options = GGUFExportOptions()
    options.elementType = type
    options.replacesExisting = replacing
    options.name = "test"
    let result = try GGUFExporter(options: options).export(weights, to: folder.file(name))
    #expect(result.unquantized.isEmpty)
    return try GGUFFile(path: folder.file(name))
  }

  @Test(arguments: [GGUFExportOptions.ElementType.f16, .bf16])
  func `a file read again is the cut`(_ type: GGUFExportOptions.ElementType) throws {
    try export(type, to: "m.gguf")
    var options = ExportOptions()
    options.elementType = type == .f16 ? .f16 : .bf16
    try Exporter(options: options).export(weights, to: folder.file("out"))
    let exported = try HuggingFaceFolder(path: folder.file("out"))
    let model = try GGUFModel(path: folder.file("m.gguf"))
    #expect(model.tensors.map(\.name) == exported.tensors.map(\.name))
    for tensor in exported.tensors {
      #expect(model.shape(of: tensor.name) == tensor.shape)
      let isVector = tensor.shape.count == 1
      #expect(model.tensor(named: tensor.name)?.type == (isVector ? .f32 : tensor.type))
      let values =
        isVector ? try weights.loadFloats(tensor.name) : try exported.loadFloats(tensor.name)
      #expect(try model.loadFloats(tensor.name) == values, "\(tensor.name)")
    }
    let original = try LanguageModel(.folder(exported))
    let language = try LanguageModel(.folder(model))
    let (old, new) = (original.configuration, language.configuration)
    #expect(old.rotaryEmbedding == new.rotaryEmbedding && old.normEpsilon == new.normEpsilon)
    #expect(old.keyValueHeadCount == new.keyValueHeadCount && new.tiesEmbeddings)
    #expect(old.beginTokenID == new.beginTokenID && old.endTokenIDs == new.endTokenIDs)
    let text = "And God said, Let there be 1234 lights;  don't\n\nnaïve 日本<|end_of_text|>x"
    #expect(try language.tokenizer().encode(text) == original.tokenizer().encode(text))
  }

  private func values(of tensor: GGUFTensor, in file: GGUFFile) throws -> [Float] {
    var values = [Float](repeating: 0, count: tensor.elementCount)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    return values
  }

  private func decoded(_ blocks: [UInt8], _ kind: GGUFBlocks.Kind) -> [Float] {
    var values = [Float](
      repeating: 0, count: blocks.count / kind.byteCount * kind.elementCount)
    var span = values.mutableSpan
    GGUFBlocks.decode(blocks.span, kind: kind, into: &span)
    return values
  }

  @Test(arguments: [
    (GGUFExportOptions.ElementType.q8_0, GGUFBlocks.EncodedKind.q8_0), (.q4_0, .q4_0),
  ])
  func `quantized matrices are the blocks of the cut`(
    _ type: GGUFExportOptions.ElementType, _ kind: GGUFBlocks.EncodedKind
  ) throws {
    let file = try export(type, to: "m.gguf")
    let names = [
      ("blk.1.ffn_up.weight", "model.layers.1.mlp.up_proj.weight"),
      ("token_embd.weight", "model.embed_tokens.weight"),
    ]
    for (name, original) in names {
      let tensor = try #require(file.tensors.first { $0.name == name })
      // The embedding is the head.
      let used = name == "token_embd.weight" ? .q8_0 : kind
      #expect(tensor.type.name.lowercased() == "\(used)")
      let floats = try weights.loadFloats(original)
      let blocks = GGUFBlocks.encode(floats.span, as: used)
      #expect(try values(of: tensor, in: file) == decoded(blocks, used.kind))
    }
    let norm = try #require(file.tensors.first { $0.name == "output_norm.weight" })
    #expect(norm.type == .f32)
  }

  @Test func `equal input gives equal bytes, and what is there stays there`() throws {
    try export(.q4_0, to: "a.gguf")
    try export(.q4_0, to: "b.gguf")
    #expect(try folder.read("a.gguf") == folder.read("b.gguf"))
    #expect { try export(.f16, to: "a.gguf") } throws: { ($0 as? BSTKError)?.code == .exists }
    #expect(try folder.read("a.gguf") == folder.read("b.gguf"))
    try export(.q8_0, to: "a.gguf", replacing: true)
    #expect(try folder.read("a.gguf") != folder.read("b.gguf"))
    try FileManager.default.createDirectory(
      atPath: folder.file("c.gguf"), withIntermediateDirectories: false)
    #expect { try export(.f16, to: "c.gguf", replacing: true) } throws: {
      ($0 as? BSTKError)?.code == .exists
    }
    #expect(try folder.contents() == ["a.gguf", "b.gguf", "c.gguf", "m.bstk"])
  }

  @Test func `a cancelled export leaves nothing`() throws {
    var calls = 0
    #expect {
      try GGUFExporter().export(
        weights, to: folder.file("m.gguf"),
        isCancelled: {
          calls += 1
          return calls > 5
        })
    } throws: { ($0 as? BSTKError)?.code == .cancelled }
    #expect(try folder.contents() == ["m.bstk"])
  }

  @Test func `metadata are all that llama.cpp asks for`() throws {
    let file = try export(.q4_0, to: "m.gguf")
    let numbers = [
      "llama.block_count": 4, "llama.context_length": 512, "llama.embedding_length": 192,
      "llama.feed_forward_length": 512, "llama.attention.head_count": 6,
      "llama.attention.head_count_kv": 2, "llama.rope.dimension_count": 32,
      "llama.vocab_size": 2048, "general.file_type": 2, "tokenizer.ggml.bos_token_id": 0,
      "tokenizer.ggml.eos_token_id": 1,
    ]
    for (key, value) in numbers { #expect(file.value(key)?.integer == value, "\(key)") }
    #expect(file.value("llama.attention.layer_norm_rms_epsilon") == .float32(1e-5))
    #expect(file.value("llama.rope.freq_base") == .float32(10_000))
    #expect(file.value("general.name")?.text == "test")
    #expect(file.value("tokenizer.ggml.model")?.text == "gpt2")
    #expect(file.value("tokenizer.ggml.pre")?.text == "smaug-bpe")
    #expect(file.value("tokenizer.ggml.tokens")?.texts?.count == 2048)
    #expect(file.value("tokenizer.ggml.token_type")?.integers?.prefix(3) == [3, 3, 1])
    #expect(file.value("tokenizer.ggml.add_bos_token")?.flag == false)
    #expect(!file.tensors.contains { $0.name == "output.weight" })
  }
}

@Suite("GGUF: what cannot be written")
struct GGUFExportRefusalTests {
  /// A file with a small model of other auxiliary files.
  private func export(
    config: String, tokenizer: String? = nil, columns: Int = 32,
    type: GGUFExportOptions.ElementType = .q8_0
  ) throws -> GGUFExporter.Result {
    let folder = try TemporaryFolder()
    var model = RandomModel()
    model.tensors = [
      .init(name: "model.embed_tokens.weight", type: .bf16, shape: [8, columns]),
      .init(name: "model.norm.weight", type: .bf16, shape: [columns]),
      .init(name: "model.layers.0.mlp.up_proj.weight", type: .f32, shape: [16, columns]),
    ]
    model.config = config
    try model.write(to: folder)
    if let tokenizer { try folder.write(Array(tokenizer.utf8), to: "tokenizer.json") }
    let output = try TemporaryFolder()
    try Compressor(options: CompressionOptions()).compress(
      HuggingFaceFolder(path: folder.path), to: output.file("m.bstk"))
    var options = GGUFExportOptions()
    options.elementType = type
    defer { #expect((try? output.contents())?.contains { $0.hasPrefix(".") } == false) }
    return try GGUFExporter(options: options).export(
      BSTKWeights(ModelFile(output.file("m.bstk"))), to: output.file("m.gguf"))
  }

  private func config(_ type: String = "llama", columns: Int = 32, more: String = "") -> String {
    #"{"model_type":"\#(type)","hidden_size":\#(columns),"num_attention_heads":4,"#
      + #""num_hidden_layers":1,"vocab_size":8,"intermediate_size":16,"#
      + #""tie_word_embeddings":true\#(more)}"#
  }

  private static let byteLevel =
    #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#

  private func tokenizer(
    _ pre: String = byteLevel, model: String = #""type":"BPE""#
  ) -> String {
    #"{"pre_tokenizer":\#(pre),"model":{\#(model),"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#
  }

  private func expectRefusal(
    _ code: BSTKError.Code, says message: String, _ body: () throws -> GGUFExporter.Result
  ) {
    #expect { try body() } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == code && error.message.contains(message)
    }
  }

  @Test func `is refused by name`() throws {
    expectRefusal(.modelUnsupported, says: "gpt2") { try export(config: config("gpt2")) }
    expectRefusal(.tokenizer, says: "no tokenizer.json") { try export(config: config()) }
    expectRefusal(.modelUnsupported, says: "rotary scaling") {
      try export(
        config: config(
          more: #","rope_scaling":{"rope_type":"dynamic","factor":2.0}"#),
        tokenizer: tokenizer())
    }
    expectRefusal(.modelUnsupported, says: "byte-pair") {
      try export(config: config(), tokenizer: tokenizer(model: #""type":"Unigram""#))
    }
    expectRefusal(.modelUnsupported, says: "space before every text") {
      try export(
        config: config(), tokenizer: tokenizer(#"{"type":"ByteLevel","add_prefix_space":true}"#))
    }
    expectRefusal(.modelUnsupported, says: "expression") {
      try export(
        config: config(),
        tokenizer: tokenizer(
          #"{"type":"Sequence","pretokenizers":[{"type":"Split","behavior":"Isolated","#
            + #""pattern":{"Regex":"\\w+"}},"#
            + #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}"#))
    }
    expectRefusal(.modelUnsupported, says: "falls back on bytes") {
      try export(config: config(), tokenizer: tokenizer(#"{"type":"Metaspace"}"#))
    }
  }

  @Test func `rows that are no whole blocks stay fp16, by name`() throws {
    let result = try export(
      config: config("llama", columns: 40), tokenizer: tokenizer(), columns: 40)
    #expect(
      result.unquantized.sorted()
        == ["model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight"])
    #expect(try export(config: config(), tokenizer: tokenizer()).unquantized.isEmpty)
  }
}
