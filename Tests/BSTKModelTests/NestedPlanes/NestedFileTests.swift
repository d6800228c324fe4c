import BSTKFormat
import BSTKInference
import BSTKModelFiles
import BSTKNumerics
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKCompression

/// A coded matrix in a file, and what a reader makes of it.
@Suite("Nested planes in a file")
struct NestedFileTests {
  /// Random weights of uneven rows, with a few far beyond the others.
  private func weights(rows: Int, columns: Int) -> [Float] {
    var random = SeededGenerator(seed: UInt64(rows * columns))
    var weights = (0..<rows * columns).map { index in
      random.normal() * Float(1 + index / columns % 5)
    }
    for index in stride(from: 3, to: weights.count, by: 97) { weights[index] *= 40 }
    return weights
  }

  /// W_n by the formula of the Spec, out of what the encoder made.
  private func values(of code: NestedPlaneCode, planes: Int) throws -> [(Double, bound: Double)] {
    func decoded(_ bytes: [UInt8], _ length: Int, _ axis: ComponentAxis) throws -> [Float] {
      var values = [Float](repeating: 0, count: length)
      var span = values.mutableSpan
      try code.vectorType.decode(bytes.span, rank: 1, length: length, axis: axis, into: &span)
      return values
    }
    let u = try decoded(code.u, code.rows, .columns)
    let v = try decoded(code.v, code.columns, .rows)
    var excess = [Int: Double]()
    for (position, bits) in zip(code.outlierPositions, code.outlierExcess) {
      excess[Int(position)] = Double(Float16(bitPattern: bits))
    }
    let rowBytes = (code.columns + 7) / 8
    let level = Double(code.gains[planes - 1]) * Double(code.factor)
    return (0..<code.rows * code.columns).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: code.columns)
      var bits = 0
      for plane in code.planes.prefix(planes) {
        bits = 2 * bits + Int(plane[row * rowBytes + column / 8] >> UInt8(7 - column % 8) & 1)
      }
      let integer = Double(2 * bits - (1 << planes - 1)) / Double(1 << (planes - 1))
      let magnitude = Double(u[row]) * Double(v[column])
      let beyond = excess[index] ?? 0
      return (
        magnitude * (level * integer + beyond),
        bound: abs(magnitude) * (2 * abs(level) + abs(beyond))
      )
    }
  }

  @Test(arguments: [(33, 41), (2, 8), (5, 130), (64, 64)], [BSTKNumerics.VectorType.log8, .fp16])
  func `what is read back is the formula, with every number of planes`(
    _ shape: (Int, Int), _ vectors: BSTKNumerics.VectorType
  ) throws {
    let (rows, columns) = shape
    var options = NestedPlaneOptions()
    options.vectorType = vectors
    let weights = weights(rows: rows, columns: columns)
    let code = try NestedPlaneEncoder(options: options).encode(
      weights.span, rows: rows, columns: columns)
    #expect(rows < 5 || !code.outlierPositions.isEmpty)
    let tensor = try TensorDescription(name: "a.weight", type: .f32, shape: [rows, columns])
    let folder = try TemporaryFolder()
    var writer = try ModelWriter(folder.file("m.bstk"))
    let handle = writer.addMatrix(
      name: tensor.name, sourceType: tensor.type, rows: rows, columns: columns,
      kind: .nestedPlanes, outlierCount: code.outlierPositions.count)
    for (level, chunk) in try PlaneChunks.encode(code, tensor: tensor).enumerated() {
      _ = try writer.addEncodedBlock(
        chunk, matrix: handle, rank: level == 0 ? 1 : 0,
        vectors: level == 0 ? BSTKFormat.VectorType(code.vectorType) : nil, worth: 1)
    }
    _ = try writer.finish(
      stack: (1..<code.planes.count).map { (handle, $0) }, extensions: IndexExtensions()
    ) { _, _ in }
    let file = try ModelFile(folder.file("m.bstk"))
    #expect(try file.verify().state == .complete)
    for planes in 1...code.planes.count {
      let read = try BSTKWeights(file, chunkCount: planes).loadFloats("a.weight")
      let expected = try values(of: code, planes: planes)
      #expect(
        zip(read, expected).allSatisfy { abs(Double($0) - $1.0) <= 1e-6 * $1.bound },
        "\(planes) planes")
    }
  }

  // MARK: Models

  /// Two models: embedding and head apart, and one matrix for both.
  static let models = ["llama-linear", "llama-llama3"]

  @Test(arguments: models) func `embedding and head are matrices like all the others`(
    _ name: String
  ) throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel(name)
    let file = try model.planes(in: folder)
    let manifest = file.manifest
    #expect(try file.verify().state == .complete)
    let ends = ["model.embed_tokens.weight", "lm_head.weight"].filter {
      model.opened.weights.tensor(named: $0) != nil
    }
    #expect(ends.count == (model.opened.configuration.tiesEmbeddings ? 1 : 2))
    #expect(manifest.matrices.count == 14 + ends.count)
    for matrix in manifest.matrices {
      #expect(matrix.kind == .nestedPlanes && matrix.levelCount == 5)
      #expect(matrix.baseLevelCount == NestedCompressionOptions().basePlaneCount)
    }
    // Only norms and biases are left.
    for object in manifest.objects {
      if case .tensor(_, let shape) = object.contents { #expect(shape.count == 1) }
    }
    #expect(manifest.extensions.worths?.count == manifest.blockCount)
  }

  @Test(arguments: models) func `with planes enough hardly anything is lost`(
    _ name: String
  ) throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel(name)
    let weights = try BSTKWeights(model.planes(in: folder, count: 8))
    for matrix in try RelativeErrors(of: weights, against: model.opened.weights).matrices {
      #expect(matrix.relativeError < 0.06, "\(matrix.name)")
    }
    // The models are not trained: their losses are 5 and 13 nats.
    let whole = try model.perplexity(weights)
    let source = try model.perplexity(model.opened.weights)
    #expect(abs(log(whole / source)) < 0.05, "\(whole) of \(source)")
  }

  @Test(arguments: models) func `a model in memory grows and shrinks to what is loaded anew`(
    _ name: String
  ) throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel(name)
    let file = try model.planes(in: folder)
    let configuration = model.opened.configuration
    let stack = file.manifest.chunks.count - file.manifest.baseChunkCount
    func cut(_ blocks: Int) -> Cut {
      file.manifest.cut(afterChunks: file.manifest.baseChunkCount + blocks)
    }
    func logits(_ model: borrowing ResizableModel) throws -> [Float] {
      var state = GenerationState(configuration: configuration)
      return try model.resident.logits(after: [3, 1, 4, 1, 5, 9], in: &state)
    }
    var resized = try ResizableModel(file, configuration: configuration, cut: cut(0))
    for blocks in [3, 1, stack, 20, 0, stack, stack - 1] {
      try resized.resize(to: cut(blocks))
      let fresh = try ResizableModel(file, configuration: configuration, cut: cut(blocks))
      // Rebuilt from the same integers, so there is nothing to round.
      #expect(try logits(resized) == logits(fresh), "\(blocks) blocks")
    }
  }

  @Test(arguments: models) func `one pass over many cuts equals a measurement of each`(
    _ name: String
  ) throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel(name)
    let file = try model.planes(in: folder)
    let manifest = file.manifest
    let cuts = (manifest.baseChunkCount...manifest.chunks.count).map {
      manifest.cut(afterChunks: $0)
    }
    let values = try BudgetSweep(file, configuration: model.opened.configuration).run(
      TinyModel.tokens, cuts: cuts,
      protocol: EvaluationProtocol(windowLength: TinyModel.windowLength))
    #expect(values.allSatisfy { $0.value.isFinite })
    for (cut, value) in zip(cuts, values) {
      let alone = try model.perplexity(BSTKWeights(file, chunkCount: cut.chunkCount))
      #expect(abs(value.value / alone - 1) <= 1e-6, "\(cut.chunkCount) chunks")
    }
  }

  @Test(arguments: models, [0, 17]) func `an exported prefix is what the prefix stands for`(
    _ name: String, _ blocks: Int
  ) throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel(name)
    let file = try model.planes(in: folder)
    let end = file.manifest.cut(afterChunks: file.manifest.baseChunkCount + blocks).fileByteCount
    let bytes = try folder.read("planes.bstk").prefix(Int(end) + 7)
    let prefix = try BSTKWeights(ModelFile(folder.write(Array(bytes), to: "prefix.bstk")))
    var options = ExportOptions()
    options.elementType = .f32
    try Exporter(options: options).export(prefix, to: folder.file("out"))
    try Exporter().export(prefix, to: folder.file("default"))
    let exported = try HuggingFaceFolder(path: folder.file("out"))
    let rounded = try HuggingFaceFolder(path: folder.file("default"))
    #expect(rounded.tensors == model.opened.weights.tensors)
    #expect(exported.tensors.map(\.name) == model.opened.weights.tensors.map(\.name))
    for tensor in exported.tensors {
      let expected = try prefix.loadFloats(tensor.name)
      #expect(try exported.loadFloats(tensor.name) == expected, "\(tensor.name)")
      let near = try zip(rounded.loadFloats(tensor.name), expected).allSatisfy {
        abs($0 - $1) <= abs($1) / 256
      }
      #expect(near, "\(tensor.name)")
    }
    let logits = try Transformer(configuration: model.opened.configuration, weights: exported)
    #expect(try logits.embed([[1, 2]]).values.allSatisfy(\.isFinite))
  }
}
