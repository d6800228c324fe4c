import BSTKInference
import BSTKModelFiles
import BSTKTokenizer
import BSTKFormat
import BSTKTestSupport
import Testing

@Suite("GGUF: a file as a model")
struct GGUFModelTests {
  private func open(_ sample: SampleGGUF) throws -> GGUFModel {
    let folder = try TemporaryFolder()
    return try GGUFModel(path: folder.write(sample.file.bytes, to: "m.gguf"))
  }

  private func tokenizer(_ sample: SampleGGUF) throws -> Tokenizer {
    let json = try open(sample).auxiliaryBytes("tokenizer.json")
    return try Tokenizer(json: json.span)
  }

  private func floats(
    _ range: Range<Int>, of name: String, in model: GGUFModel
  ) throws -> [Float] {
    var part = [Float](repeating: 0, count: range.count)
    var span = part.mutableSpan
    try model.readFloats(of: name, from: range.lowerBound, into: &span)
    return part
  }

  private func bytes(
    _ range: Range<Int>, of name: String, in model: GGUFModel
  ) throws -> [UInt8] {
    var part = [UInt8](repeating: 0, count: range.count)
    var span = part.mutableSpan
    try model.readBytes(of: name, from: range.lowerBound, into: &span)
    return part
  }

  /// The number that each element has in the file, by its place in the library's order.
  private func expected(rows: Int, width: Int, permuted: Bool) -> [Float] {
    (0..<rows * width).map { element in
      let (row, column) = (element / width, element % width)
      guard permuted else { return Float(element) }
      let (head, inner) = (row / SampleGGUF.headSize, row % SampleGGUF.headSize)
      let half = SampleGGUF.headSize / 2
      let fileRow = head * SampleGGUF.headSize + inner % half * 2 + inner / half
      return Float(fileRow * width + column)
    }
  }

  @Test(arguments: ["llama", "qwen2"])
  func `tensors have the library's names, order and elements`(_ architecture: String) throws {
    let model = try open(SampleGGUF(architecture: architecture))
    #expect(model.auxiliaryFiles == ["config.json"])
    #expect(model.tensors.map(\.name).first == "model.embed_tokens.weight")
    #expect(model.tensors.count == 13)
    let shapes: [(String, Int, Int)] = [
      ("self_attn.q_proj.weight", 16, 16), ("self_attn.k_proj.weight", 8, 16),
      ("self_attn.v_proj.weight", 8, 16), ("self_attn.o_proj.weight", 16, 16),
      ("self_attn.q_proj.bias", 16, 1), ("self_attn.k_proj.bias", 8, 1),
      ("mlp.down_proj.weight", 16, 8), ("input_layernorm.weight", 16, 1),
    ]
    for (inner, rows, width) in shapes {
      let name = "model.layers.0.\(inner)"
      let isTurned = inner.contains("q_proj") || inner.contains("k_proj")
      let values = expected(
        rows: rows, width: width, permuted: architecture == "llama" && isTurned)
      #expect(model.shape(of: name) == (width == 1 ? [rows] : [rows, width]))
      #expect(try model.loadFloats(name) == values, "\(name)")
      for start in [1, width, rows * width - 1] {
        let range = start..<min(start + 3, rows * width)
        #expect(try floats(range, of: name, in: model) == Array(values[range]), "\(name) \(range)")
      }
      let all = values.flatMap { RawGGUF.number($0.bitPattern) }
      #expect(try bytes(6..<12, of: name, in: model) == Array(all[6..<12]), "\(name)")
    }
    #expect(throws: BSTKError.self) { try model.loadFloats("absent") }
    #expect(model.matrices.count == 7)
  }

  @Test func `norms of q and k have their names`() throws {
    var sample = SampleGGUF(architecture: "qwen3")
    sample.add("blk.0.attn_q_norm.weight", [SampleGGUF.headSize])
    sample.add("blk.0.attn_k_norm.weight", [SampleGGUF.headSize])
    let model = try open(sample)
    #expect(model.shape(of: "model.layers.0.self_attn.q_norm.weight") == [4])
    #expect(model.shape(of: "model.layers.0.self_attn.k_norm.weight") == [4])
    let json = try model.auxiliaryBytes("config.json")
    #expect(String(decoding: json, as: UTF8.self).contains(#""model_type":"qwen3""#))
  }

  @Test func `the configuration is the model's`() throws {
    var sample = SampleGGUF()
    sample.set("llama.rope.freq_base", RawGGUF.f32(123_456.5))
    sample.addSentencePiece()
    let json = try open(sample).auxiliaryBytes("config.json")
    let configuration = try ModelConfiguration(json: json.span)
    #expect(configuration.family == .llama)
    #expect(configuration.normEpsilon == 1e-5)
    #expect(configuration.rotaryEmbedding.base == 123_456.5)
    #expect(configuration.rotaryEmbedding.scaling == .none)
    #expect(configuration.headDimension == SampleGGUF.headSize)
    #expect(configuration.keyValueHeadCount == SampleGGUF.keyHeads)
    #expect(configuration.tiesEmbeddings && configuration.hasAttentionBias)
    #expect(configuration.beginTokenID == 1 && configuration.endTokenIDs == [2])
    #expect(configuration.vocabularySize == 12)
    sample.add("output.weight", [12, 16])
    let untied = try open(sample).auxiliaryBytes("config.json")
    #expect(try !ModelConfiguration(json: untied.span).tiesEmbeddings)
  }

  @Test func `Llama 3's factors become its numbers again`() throws {
    var sample = SampleGGUF()
    let factors = GGUFRotation.Llama3(factor: 8, originalPositions: 64)
    let stored = factors.factors(headSize: 4, base: 10_000)
    #expect(Set(stored).count == 2)
    sample.file.tensors.append(
      .init(
        name: GGUFRotation.factorsName, dimensions: [2],
        data: stored.flatMap { RawGGUF.number($0.bitPattern) }))
    let json = try open(sample).auxiliaryBytes("config.json")
    let configuration = try ModelConfiguration(json: json.span)
    guard
      case .llama3(let factor, let low, let high, let positions) = configuration.rotaryEmbedding
        .scaling
    else {
      Issue.record("\(configuration.rotaryEmbedding)")
      return
    }
    let found = GGUFRotation.Llama3(
      factor: factor, low: low, high: high, originalPositions: positions)
    #expect(largestDifference(found.factors(headSize: 4, base: 10_000), stored) <= 1e-3)
    sample.file.tensors[sample.file.tensors.count - 1].data =
      [Float(3), 2].flatMap { RawGGUF.number($0.bitPattern) }
    #expect(throws: BSTKError.self) { try open(sample) }
  }

  @Test func `pieces merge in the order of their scores, and bytes are fallen back on`() throws {
    var sample = SampleGGUF()
    sample.addSentencePiece()
    let tokenizer = try tokenizer(sample)
    // "▁ab": ab has the best score, then ▁ with it.
    #expect(try tokenizer.encode("ab") == [9])
    #expect(try tokenizer.encode("aab") == [7, 8])
    #expect(try tokenizer.encode("a!") == [7, 3])
    #expect(try tokenizer.encode("a<x>c") == [7, 10, 11])
    #expect(try tokenizer.encode("ab", addingSpecialTokens: true) == [1, 9])
    #expect(tokenizer.decode([1, 9, 3]) == "ab!")
    sample.set("tokenizer.ggml.add_space_prefix", RawGGUF.flag(false))
    sample.set("tokenizer.ggml.add_bos_token", RawGGUF.flag(false))
    let bare = try self.tokenizer(sample)
    #expect(try bare.encode("ab ab", addingSpecialTokens: true) == [8, 9])
  }

  @Test(
    arguments: [
      ("gpt-2", [8, 7]), ("default", [8, 7]), ("smollm", [3, 4, 7]), ("llama-bpe", [8, 7]),
      ("qwen2", [3, 4, 7]), ("smaug-bpe", [8, 7]),
    ] as [(String, [TokenID])])
  func `words are cut as the pre-tokenizer's name says`(_ name: String, _ ids: [TokenID]) throws {
    var sample = SampleGGUF()
    sample.addByteLevel(pre: name)
    let tokenizer = try tokenizer(sample)
    #expect(try tokenizer.encode("12 ab") == ids)
    let begins = name == "llama-bpe"
    #expect(try tokenizer.encode("a", addingSpecialTokens: true) == (begins ? [0, 1] : [1]))
    #expect(tokenizer.decode(ids) == "12 ab")
  }

  // MARK: Refusals

  private func expectRefusal(
    _ code: BSTKError.Code, says message: String, _ change: (inout SampleGGUF) -> Void
  ) {
    var sample = SampleGGUF()
    sample.addSentencePiece()
    change(&sample)
    #expect { try open(sample) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == code && error.message.contains(message)
    }
  }

  @Test(arguments: ["gemma3", "phi3", "gpt2", "bert"])
  func `other architectures are refused by name`(_ name: String) throws {
    #expect { try open(SampleGGUF(architecture: name)) } throws: { error in
      guard let error = error as? BSTKError else { return false }
      return error.code == .modelUnsupported && error.message.contains(name)
        && error.remedy?.contains("llama, qwen2") == true
    }
  }

  @Test func `what is not known is refused by name`() throws {
    expectRefusal(.modelUnsupported, says: "experts") {
      $0.set("llama.expert_count", RawGGUF.u32(8))
    }
    expectRefusal(.modelUnsupported, says: "part of several") {
      $0.set("split.count", RawGGUF.u32(3))
    }
    expectRefusal(.modelUnsupported, says: "rotary scaling longrope") {
      $0.set("llama.rope.scaling.type", RawGGUF.text("longrope"))
    }
    expectRefusal(.modelUnsupported, says: "rotated") {
      $0.set("llama.rope.dimension_count", RawGGUF.u32(2))
    }
    expectRefusal(.modelUnsupported, says: "blk.0.attn_sinks.weight") {
      $0.add("blk.0.attn_sinks.weight", [4])
    }
    expectRefusal(.modelUnsupported, says: "kind bert") {
      $0.set("tokenizer.ggml.model", RawGGUF.text("bert"))
    }
    expectRefusal(.modelUnsupported, says: "viking") { $0.addByteLevel(pre: "viking") }
  }

  @Test(arguments: [
    "general.architecture", "llama.context_length", "llama.embedding_length",
    "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon", "llama.block_count",
    "llama.feed_forward_length",
  ])
  func `metadata that are missing are named`(_ key: String) {
    expectRefusal(.gguf, says: key) { $0.set(key, nil) }
    expectRefusal(.gguf, says: key) { $0.set(key, RawGGUF.flag(true)) }
  }

  @Test func `lists that contradict each other are refused`() {
    expectRefusal(.gguf, says: "types of tokens") {
      $0.set("tokenizer.ggml.token_type", RawGGUF.integers([1]))
    }
    expectRefusal(.gguf, says: "score") { $0.set("tokenizer.ggml.scores", RawGGUF.floats([1])) }
    expectRefusal(.gguf, says: "score") {
      $0.set("tokenizer.ggml.scores", RawGGUF.floats([Float](repeating: .nan, count: 12)))
    }
    expectRefusal(.gguf, says: "12 rows") {
      $0.set("tokenizer.ggml.tokens", RawGGUF.texts((0..<13).map { "t\($0)" }))
    }
    expectRefusal(.gguf, says: "twice") {
      $0.set("tokenizer.ggml.tokens", RawGGUF.texts(["a", "a"]))
    }
    expectRefusal(.gguf, says: "merge 0") {
      $0.addByteLevel(pre: "gpt-2")
      $0.set("tokenizer.ggml.merges", RawGGUF.texts(["a c"]))
    }
    expectRefusal(.gguf, says: "numbers of heads") {
      $0.set("llama.attention.head_count", RawGGUF.u32(0))
    }
    expectRefusal(.gguf, says: "contradicts") {
      $0.set("llama.embedding_length", RawGGUF.u32(20))
    }
  }
}
