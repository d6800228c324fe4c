import BSTKCodec
public import BSTKFormat
import BSTKStore

/// A `.bstk` file of a Llama of any size whose planes hold patterns: numbers come out, but no sense.
/// What takes hours to compress is there in a second.
public struct PlaneModel: Sendable {
  /// Width of the hidden states; one head has 32.
  public var hiddenSize = 512
  /// Width of the feed-forward part.
  public var intermediateSize = 2048
  /// Decoder layers.
  public var layerCount = 8
  /// Levels of every matrix, one of them in the base.
  public var levelCount = 8
  /// Rows of the embedding, which is the output head too.
  public var vocabularySize = 2048

  /// The defaults: some 33 MB in memory.
  public init() {}

  private var configuration: String {
    """
    {"model_type": "llama", "vocab_size": \(vocabularySize), "hidden_size": \(hiddenSize),
    "intermediate_size": \(intermediateSize), "num_hidden_layers": \(layerCount),
    "num_attention_heads": \(hiddenSize / 32), "num_key_value_heads": \(hiddenSize / 64),
    "max_position_embeddings": 2048, "tie_word_embeddings": true, "bos_token_id": 0}
    """
  }

  /// Every matrix with its rows and columns.
  private var matrices: [(name: String, rows: Int, columns: Int)] {
    var all = [(name: "model.embed_tokens.weight", rows: vocabularySize, columns: hiddenSize)]
    for layer in 0..<layerCount {
      let prefix = "model.layers.\(layer)."
      for (name, rows, columns) in [
        ("self_attn.q_proj", hiddenSize, hiddenSize),
        ("self_attn.k_proj", hiddenSize / 2, hiddenSize),
        ("self_attn.v_proj", hiddenSize / 2, hiddenSize),
        ("self_attn.o_proj", hiddenSize, hiddenSize),
        ("mlp.gate_proj", intermediateSize, hiddenSize),
        ("mlp.up_proj", intermediateSize, hiddenSize),
        ("mlp.down_proj", hiddenSize, intermediateSize),
      ] {
        all.append(("\(prefix)\(name).weight", rows, columns))
      }
    }
    return all
  }

  private var norms: [String] {
    (0..<layerCount).flatMap { layer in
      ["input_layernorm", "post_attention_layernorm"].map { "model.layers.\(layer).\($0).weight" }
    } + ["model.norm.weight"]
  }

  /// Writes the file.
  ///
  /// - Parameter tokenizer: The bytes of a `tokenizer.json` with at most as many tokens.
  @discardableResult
  public func write(to path: String, tokenizer: [UInt8]) throws -> Manifest {
    var generator = SeededGenerator(seed: 1)
    let pattern = generator.bytes(1 << 16)
    var writer = try ModelWriter(path)
    try writer.addAuxiliary(name: "config.json", Array(configuration.utf8).span)
    try writer.addAuxiliary(name: "tokenizer.json", tokenizer.span)
    for name in norms {
      let ones = (0..<hiddenSize).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] }
      try writer.addTensor(name: name, type: .f32, dimensions: [hiddenSize]) { Array(ones[$0]) }
    }
    var stack: [(matrix: Int, level: Int)] = []
    for (number, matrix) in matrices.enumerated() {
      let record = MatrixRecord(
        name: matrix.name, sourceType: .f32, rows: matrix.rows, columns: matrix.columns,
        kind: .nestedPlanes, levelCount: levelCount)
      let handle = writer.addMatrix(
        name: matrix.name, sourceType: .f32, rows: matrix.rows, columns: matrix.columns,
        kind: .nestedPlanes)
      let layout = try record.firstPlaneLayout(vectors: .log8)
      var first = Self.payload(layout.byteCount, layout.plane, pattern, number)
      for at in [layout.u.scales.lowerBound, layout.v.scales.lowerBound, layout.gain] {
        Self.store(1, at: at, of: &first)
      }
      Self.store(0.05, at: layout.factor, of: &first)
      _ = try writer.addFirstPlane(matrix: handle, vectors: .log8, payload: first.span)
      let refinement = try record.refinementLayout()
      for level in 1..<levelCount {
        var payload = Self.payload(
          refinement.byteCount, refinement.plane, pattern, 7 * number + level)
        Self.store(1, at: refinement.gain, of: &payload)
        _ = try writer.addRefinement(
          matrix: handle, payload: payload.span, firstPlane: first.span)
        stack.append((handle, level))
      }
    }
    stack.sort { ($0.level, $0.matrix) < ($1.level, $1.matrix) }
    return try writer.finish(stack: stack)
  }

  /// Zeros behind a plane that holds the pattern from somewhere on.
  private static func payload(
    _ byteCount: Int, _ plane: BitPlane, _ pattern: [UInt8], _ start: Int
  ) -> [UInt8] {
    var payload: [UInt8] = []
    payload.reserveCapacity(byteCount)
    payload += pattern[(31 * start % pattern.count)...].prefix(plane.byteCount)
    while payload.count < plane.byteCount {
      payload += pattern.prefix(plane.byteCount - payload.count)
    }
    payload += [UInt8](repeating: 0, count: byteCount - payload.count)
    return payload
  }

  private static func store(_ value: Float, at index: Int, of payload: inout [UInt8]) {
    for byte in 0..<4 {
      payload[index + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32(byte)))
    }
  }
}
