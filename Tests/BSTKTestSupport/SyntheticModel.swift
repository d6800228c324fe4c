import BSTKCodec
public import BSTKFormat
import BSTKStore

/// A `.bstk` file of random blocks: valid in every respect, meaningless as a model.
public struct SyntheticModel: Sendable {
  /// A matrix to be.
  public struct Matrix: Sendable {
    let name: String
    let rows: Int
    let columns: Int
    let levels: Int
    let rank: Int
    let vectors: VectorType

    /// Describes a matrix.
    public init(
      _ name: String, rows: Int, columns: Int, levels: Int, rank: Int = 1,
      vectors: VectorType = .f16
    ) {
      self.name = name
      self.rows = rows
      self.columns = columns
      self.levels = levels
      self.rank = rank
      self.vectors = vectors
    }
  }

  /// The matrices.
  public var matrices: [Matrix]
  /// Dense fp32 tensors by name, with their element counts.
  public var tensors: [(name: String, count: Int)]
  /// Auxiliary files.
  public var auxiliary: [(name: String, bytes: [UInt8])]
  /// What the random bytes are drawn from.
  public var seed: UInt64
  /// A table of measured quality, which as a measurement means nothing either.
  public var quality: QualityTable?

  /// A model; by default one of less than five kilobytes with all kinds of contents.
  public init(
    matrices: [Matrix] = [
      Matrix("model.layers.0.a.weight", rows: 5, columns: 7, levels: 3),
      Matrix("model.layers.0.b.weight", rows: 8, columns: 8, levels: 2, rank: 2, vectors: .bf16),
      Matrix("model.layers.0.c.weight", rows: 3, columns: 16, levels: 2, rank: 2, vectors: .i8),
    ],
    tensors: [(name: String, count: Int)] = [("model.norm.weight", 9)],
    auxiliary: [(name: String, bytes: [UInt8])] = [("config.json", Array("{}\n".utf8))],
    seed: UInt64 = 1
  ) {
    self.matrices = matrices
    self.tensors = tensors
    self.auxiliary = auxiliary
    self.seed = seed
  }

  /// Writes the file.
  @discardableResult
  public func write(to path: String) throws -> Manifest {
    var generator = SeededGenerator(seed: seed)
    var writer = try ModelWriter(path)
    for (name, bytes) in auxiliary { try writer.addAuxiliary(name: name, bytes.span) }
    for (name, count) in tensors {
      let bytes = generator.bytes(4 * count)
      try writer.addTensor(name: name, type: .f32, dimensions: [count]) { Array(bytes[$0]) }
    }
    var stack: [(matrix: Int, level: Int)] = []
    for matrix in matrices {
      let handle = writer.addMatrix(
        name: matrix.name, sourceType: .f32, rows: matrix.rows, columns: matrix.columns)
      for level in 0..<matrix.levels {
        let layout = try BlockLayout(
          rows: matrix.rows, columns: matrix.columns, rank: matrix.rank, vectors: matrix.vectors)
        let payload = Self.payload(layout, using: &generator)
        _ = try writer.addBlock(
          matrix: handle, rank: matrix.rank, vectors: matrix.vectors, payload: payload.span,
          worth: 1 / Float(level + 1))
        if level > 0 { stack.append((handle, level)) }
      }
    }
    stack.sort { ($0.level, $0.matrix) < ($1.level, $1.matrix) }
    return try writer.finish(
      stack: stack,
      extensions: IndexExtensions(provenance: "synthetic seed=\(seed)", quality: quality))
  }

  /// The bytes of the file.
  public func bytes() throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try write(to: folder.file("m.bstk"))
    return try folder.read("m.bstk")
  }

  /// A random payload that obeys every rule: finite vectors, zero padding.
  private static func payload(
    _ layout: BlockLayout, using generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = generator.bytes(layout.byteCount)
    for range in layout.padding { for index in range { bytes[index] = 0 } }
    let usedBits = layout.rows * layout.columns % 8
    if usedBits != 0 { bytes[layout.signByteCount - 1] &= ~(0xFF >> UInt8(usedBits)) }
    for range in [layout.u, layout.vt] {
      switch layout.vectors {
      case .f16, .bf16:
        // Exponents stay clear of the all-ones pattern.
        for index in stride(from: range.lowerBound + 1, to: range.upperBound, by: 2) {
          bytes[index] &= 0xBB
        }
      case .i8:
        for index in stride(
          from: range.lowerBound + 3, to: range.lowerBound + 4 * layout.rank, by: 4)
        {
          bytes[index] &= 0xBF
        }
      }
    }
    return bytes
  }
}
