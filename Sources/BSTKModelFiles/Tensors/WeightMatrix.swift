package import BSTKNumerics

/// A weight matrix as a forward pass holds it: in fp32, or in the code it was stored in.
///
/// Products and rows of a matrix in code come straight from the code. Copies share their memory
/// until one of them changes.
public struct WeightMatrix: Sendable {
  /// How the weights are held.
  package enum Storage: Sendable {
    /// Row-major.
    case floats([Float])
    /// Parts that stand one below the other, each a range of the rows.
    case packed([PackedMatrix])
  }

  /// Rows of the matrix: outputs of a layer, or tokens of a vocabulary.
  public let rows: Int
  /// Columns of the matrix: inputs of a layer.
  public let columns: Int
  /// The weights.
  package private(set) var storage: Storage

  /// Holds fp32.
  ///
  /// - Parameter floats: `rows` × `columns`, row-major.
  /// - Precondition: there are as many.
  public init(rows: Int, columns: Int, floats: [Float]) {
    precondition(floats.count == rows * columns, "floats of another shape")
    self.rows = rows
    self.columns = columns
    storage = .floats(floats)
  }

  /// Holds parts in their code.
  ///
  /// - Precondition: there is one at least, and all have equally many columns.
  package init(_ parts: [PackedMatrix]) {
    columns = parts[0].columns
    rows = parts.reduce(0) { $0 + $1.rows }
    let width = columns
    precondition(parts.allSatisfy { $0.columns == width }, "parts of different widths")
    storage = .packed(parts)
  }

  /// The bytes held.
  public var byteCount: Int {
    switch storage {
    case .floats(let weights): weights.count * MemoryLayout<Float>.size
    case .packed(let parts): parts.reduce(0) { $0 + $1.byteCount }
    }
  }

  /// All weights as fp32, row-major.
  public func floats() -> [Float] {
    switch storage {
    case .floats(let weights): return weights
    case .packed(let parts):
      var weights = [Float](repeating: 0, count: rows * columns)
      var all = weights.mutableSpan
      var start = 0
      for part in parts {
        let count = part.rows * columns
        var span = all._mutatingExtracting(start..<start + count)
        part.reconstruct(rows: 0..<part.rows, into: &span)
        start += count
      }
      return weights
    }
  }

  /// The weights of one row as fp32.
  ///
  /// - Precondition: the row exists, and `weights` has ``columns`` elements.
  public func row(_ row: Int, into weights: inout MutableSpan<Float>) {
    precondition(row >= 0 && row < rows && weights.count == columns, "no such row")
    switch storage {
    case .floats(let all):
      for column in 0..<columns { weights[column] = all[row * columns + column] }
    case .packed(let parts):
      var row = row
      for part in parts {
        if row < part.rows { return part.row(row, into: &weights) }
        row -= part.rows
      }
    }
  }

  /// y ← x · Wᵀ.
  ///
  /// The result is the same whatever the number of threads where the matrix is in code.
  ///
  /// - Parameters:
  ///   - x: Tokens × ``columns``.
  ///   - y: Tokens × ``rows``.
  ///   - precision: What may be done to x where the matrix is in code.
  /// - Precondition: OpenBLAS is loaded.
  package func multiply(
    _ x: Span<Float>, into y: inout MutableSpan<Float>, precision: ProductPrecision
  ) {
    let tokens = x.count / columns
    precondition(x.count == tokens * columns && y.count == tokens * rows)
    switch storage {
    case .floats(let weights) where tokens == 1:
      BLAS.gemv(rows: rows, columns: columns, a: weights.span, lda: columns, x: x, y: &y)
    case .floats(let weights):
      BLAS.gemm(
        transposeB: true, m: tokens, n: rows, k: columns, a: x, lda: columns, b: weights.span,
        ldb: columns, c: &y, ldc: rows)
    case .packed(let parts):
      var first = 0
      for part in parts {
        part.multiply(
          x, into: &y, rowStride: rows, firstColumn: first, precision: precision)
        first += part.rows
      }
    }
  }

  /// Lets `body` change a part in place, keeping its shape.
  ///
  /// - Precondition: the matrix is in code and has that part.
  package mutating func updatePart<Failure: Error>(
    _ number: Int, _ body: (inout PackedMatrix) throws(Failure) -> Void
  ) throws(Failure) {
    guard case .packed(var parts) = storage else {
      preconditionFailure("a matrix in fp32 has no parts")
    }
    // While they change there is one reference to them.
    storage = .packed([])
    defer { storage = .packed(parts) }
    try body(&parts[number])
  }
}
