/// One level of a decomposed matrix: packed signs times a low-rank magnitude, as stored.
///
/// The level's matrix is sign ⊙ (U · V^T) (BitStack, arXiv 2410.23918, section 3). Signs are packed
/// over the whole row-major matrix, most significant bit first, 1 = +1, unused bits of the last byte
/// zero. `u` and `vt` are bytes in the layout of ``VectorType``.
public struct SignBlock: Sendable, Equatable {
  /// The largest rank of a block.
  public static let maximumRank = 1024

  /// Rows of the matrix (outputs of the layer).
  public let rows: Int
  /// Columns of the matrix (inputs of the layer).
  public let columns: Int
  /// Columns of U and rows of V^T.
  public let rank: Int
  /// How `u` and `vt` are stored.
  public let vectorType: VectorType
  /// ceil(rows · columns / 8) bytes.
  public let signs: [UInt8]
  /// U, rows × rank row-major, as stored.
  public let u: [UInt8]
  /// V^T, rank × columns row-major, as stored.
  public let vt: [UInt8]

  /// Checks the parts against the shape. Values are not looked at.
  ///
  /// - Throws: `invalidShape` for impossible dimensions, `wrongByteCount` for a part of the wrong
  ///   length.
  public init(
    rows: Int, columns: Int, rank: Int, vectorType: VectorType, signs: [UInt8], u: [UInt8],
    vt: [UInt8]
  ) throws(NumericsError) {
    guard (1...SignBlock.maximumRank).contains(rank) else { throw .invalidShape("rank \(rank)") }
    let signBytes = try SignBlock.signByteCount(rows: rows, columns: columns)
    let parts = [
      (signBytes, signs.count),
      (try vectorType.byteCount(rank: rank, length: rows), u.count),
      (try vectorType.byteCount(rank: rank, length: columns), vt.count),
    ]
    for (expected, actual) in parts where expected != actual {
      throw .wrongByteCount(expected: expected, actual: actual)
    }
    self.rows = rows
    self.columns = columns
    self.rank = rank
    self.vectorType = vectorType
    self.signs = signs
    self.u = u
    self.vt = vt
  }

  /// The bytes of all three parts.
  public var byteCount: Int { signs.count + u.count + vt.count }

  /// The bytes of a packed sign plane.
  ///
  /// - Throws: `invalidShape` for dimensions below 1 or a product beyond 2^40 elements.
  public static func signByteCount(rows: Int, columns: Int) throws(NumericsError) -> Int {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows > 0, columns > 0, !overflow, count <= 1 << 40 else {
      throw .invalidShape("\(rows) × \(columns)")
    }
    return (count + 7) / 8
  }

  /// U as 32-bit floats, rows × rank row-major.
  ///
  /// - Throws: `notFinite` when the stored bytes hold NaN or infinity.
  public func decodedU() throws(NumericsError) -> [Float] {
    try decoded(u, length: rows, axis: .columns)
  }

  /// V^T as 32-bit floats, rank × columns row-major.
  ///
  /// - Throws: `notFinite` when the stored bytes hold NaN or infinity.
  public func decodedVT() throws(NumericsError) -> [Float] {
    try decoded(vt, length: columns, axis: .rows)
  }

  private func decoded(
    _ bytes: [UInt8], length: Int, axis: ComponentAxis
  ) throws(NumericsError) -> [Float] {
    var values = [Float](repeating: 0, count: rank * length)
    var target = values.mutableSpan
    try vectorType.decode(bytes.span, rank: rank, length: length, axis: axis, into: &target)
    if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
    return values
  }
}
