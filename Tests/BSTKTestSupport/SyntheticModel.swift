import BSTKCodec
public import BSTKFormat
import BSTKStore

/// A `.bstk` file of random blocks: valid in every respect, meaningless as a model.
public struct SyntheticModel: Sendable {
  /// A matrix to be.
  public struct Matrix: Sendable {
    let name: String
    let firstRow: Int
    let rows: Int
    let columns: Int
    let levels: Int
    let kind: MatrixKind
    let baseLevels: Int
    let rank: Int
    let vectors: VectorType
    let outliers: Int

    /// Describes a matrix of sign blocks.
    public init(
      _ name: String, firstRow: Int = 0, rows: Int, columns: Int, levels: Int, rank: Int = 1,
      vectors: VectorType = .f16, baseLevels: Int = 1
    ) {
      self.name = name
      self.firstRow = firstRow
      self.rows = rows
      self.columns = columns
      self.levels = levels
      kind = .signBlocks
      self.baseLevels = baseLevels
      self.rank = rank
      self.vectors = vectors
      outliers = 0
    }

    /// Describes a matrix of nested planes.
    public init(
      nested name: String, firstRow: Int = 0, rows: Int, columns: Int, levels: Int,
      baseLevels: Int = 1,
      vectors: VectorType = .f16, outliers: Int = 0
    ) {
      self.name = name
      self.firstRow = firstRow
      self.rows = rows
      self.columns = columns
      self.levels = levels
      kind = .nestedPlanes
      self.baseLevels = baseLevels
      rank = 1
      self.vectors = vectors
      self.outliers = outliers
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

  /// A model of a few kilobytes in which matrices of both kinds stand in the base with several
  /// levels, and some planes are stored mirrored.
  public static var nested: SyntheticModel {
    SyntheticModel(matrices: [
      Matrix("model.layers.0.a.weight", rows: 5, columns: 7, levels: 3, baseLevels: 2),
      Matrix(
        nested: "model.layers.0.b.weight", rows: 16, columns: 250, levels: 5, baseLevels: 3,
        outliers: 3),
      Matrix(
        nested: "model.layers.0.c.weight", rows: 8, columns: 384, levels: 4, vectors: .log8),
    ])
  }

  /// A model of a few kilobytes with tensors in parts of both kinds, added in no order.
  public static var parts: SyntheticModel {
    SyntheticModel(matrices: [
      Matrix(nested: "b.weight", firstRow: 5, rows: 2, columns: 20, levels: 3, outliers: 1),
      Matrix("a.weight", rows: 3, columns: 6, levels: 2),
      Matrix(nested: "b.weight", rows: 4, columns: 20, levels: 4, baseLevels: 2, vectors: .log8),
      Matrix("c.weight", rows: 4, columns: 4, levels: 2),
      Matrix("a.weight", firstRow: 3, rows: 5, columns: 6, levels: 3, rank: 2, baseLevels: 2),
      Matrix(nested: "b.weight", firstRow: 4, rows: 1, columns: 20, levels: 2, outliers: 5),
    ])
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
        name: matrix.name, sourceType: .f32, firstRow: matrix.firstRow, rows: matrix.rows,
        columns: matrix.columns, kind: matrix.kind, baseLevelCount: matrix.baseLevels,
        outlierCount: matrix.outliers)
      switch matrix.kind {
      case .signBlocks: try addBlocks(of: matrix, handle, to: &writer, using: &generator)
      case .nestedPlanes: try addPlanes(of: matrix, handle, to: &writer, using: &generator)
      }
      for level in matrix.baseLevels..<matrix.levels { stack.append((handle, level)) }
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

  private static func worth(ofLevel level: Int) -> Float { 1 / Float(level + 1) }
}

extension SyntheticModel {
  private func addBlocks(
    of matrix: Matrix, _ handle: Int, to writer: inout ModelWriter,
    using generator: inout SeededGenerator
  ) throws {
    let layout = try BlockLayout(
      rows: matrix.rows, columns: matrix.columns, rank: matrix.rank, vectors: matrix.vectors)
    for level in 0..<matrix.levels {
      var payload = generator.bytes(layout.byteCount)
      Self.clear(layout.padding, of: &payload)
      let usedBits = layout.rows * layout.columns % 8
      if usedBits != 0 { payload[layout.signByteCount - 1] &= ~(0xFF >> UInt8(usedBits)) }
      for part in [layout.uVectors, layout.vtVectors] { Self.tame(part, of: &payload) }
      _ = try writer.addBlock(
        matrix: handle, rank: matrix.rank, vectors: matrix.vectors, payload: payload.span,
        worth: Self.worth(ofLevel: level))
    }
  }

  private func addPlanes(
    of matrix: Matrix, _ handle: Int, to writer: inout ModelWriter,
    using generator: inout SeededGenerator
  ) throws {
    let record = MatrixRecord(
      name: matrix.name, sourceType: .f32, rows: matrix.rows, columns: matrix.columns,
      kind: matrix.kind, levelCount: matrix.levels, outlierCount: matrix.outliers)
    let first = try Self.firstPlane(
      record.firstPlaneLayout(vectors: matrix.vectors), using: &generator)
    _ = try writer.addFirstPlane(
      matrix: handle, vectors: matrix.vectors, payload: first.span, worth: Self.worth(ofLevel: 0))
    let layout = try record.refinementLayout()
    for level in 1..<matrix.levels {
      // The first planes tell most of the next ones, the less the finer they are.
      var payload = [UInt8](repeating: 0, count: layout.byteCount)
      for byte in 0..<layout.plane.byteCount {
        let isLike = Int.random(in: 0..<8, using: &generator) >= level
        payload[byte] = isLike ? first[byte] : UInt8.random(in: 0...255, using: &generator)
      }
      Self.clearUnusedBits(layout.plane, of: &payload)
      Self.store(0.5 + Float(level) / 8, at: layout.gain, of: &payload)
      _ = try writer.addRefinement(
        matrix: handle, payload: payload.span, firstPlane: first.span,
        worth: Self.worth(ofLevel: level))
    }
  }

  private static func firstPlane(
    _ layout: FirstPlaneLayout, using generator: inout SeededGenerator
  ) throws -> [UInt8] {
    var payload = generator.bytes(layout.byteCount)
    clear(layout.padding, of: &payload)
    clearUnusedBits(layout.plane, of: &payload)
    for part in [layout.u, layout.v] { tame(part, of: &payload) }
    store(Float(2.5), at: layout.factor, of: &payload)
    store(Float(1), at: layout.gain, of: &payload)
    let elementCount = layout.plane.rows * layout.plane.columns
    let list = SparseList(
      positions: (0..<layout.outlierCount).map {
        UInt32($0 * elementCount / layout.outlierCount)
      },
      excess: (0..<layout.outlierCount).map { _ in
        UInt16.random(in: 0...UInt16.max, using: &generator) & 0xBBFF
      })
    payload.replaceSubrange(layout.gaps.lowerBound..<layout.excess.upperBound, with: list.bytes)
    return payload
  }

  private static func clear(_ ranges: [Range<Int>], of payload: inout [UInt8]) {
    for range in ranges { for index in range { payload[index] = 0 } }
  }

  private static func clearUnusedBits(_ plane: BitPlane, of payload: inout [UInt8]) {
    guard plane.columns % 8 != 0 else { return }
    for row in 1...plane.rows {
      payload[row * plane.rowByteCount - 1] &= ~(0xFF >> UInt8(plane.columns % 8))
    }
  }

  /// Makes random vectors finite and moderate: their exponents stay clear of the upper half.
  private static func tame(_ part: VectorLayout, of payload: inout [UInt8]) {
    let (bytes, width): (Range<Int>, Int) =
      switch part.type {
      case .f16, .bf16: (part.elements, 2)
      case .i8, .log8: (part.scales, 4)
      }
    for index in stride(from: bytes.lowerBound + width - 1, to: bytes.upperBound, by: width) {
      payload[index] &= 0xBB
    }
  }

  private static func store(_ value: Float, at index: Int, of payload: inout [UInt8]) {
    store(value.bitPattern, at: index, of: &payload)
  }

  private static func store(_ value: UInt32, at index: Int, of payload: inout [UInt8]) {
    for byte in 0..<4 { payload[index + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }
}
