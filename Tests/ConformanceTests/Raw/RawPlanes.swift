import BSTKTestSupport

/// A matrix of nested planes as its plain numbers, and its payloads put together from their parts.
struct RawPlanes {
  let rows: Int
  let columns: Int
  let levels: Int
  /// The vector type of u and v.
  let vectors: UInt8
  /// The integers of `levels` bits, row by row.
  let numbers: [Int]
  /// u and v as bytes, scales included.
  let u: [UInt8]
  let v: [UInt8]
  let factor: Float
  /// One for each level.
  let gains: [Float]
  /// Element numbers and binary16 values.
  let outliers: [(position: UInt32, excess: UInt16)]

  /// The block of a level.
  func payload(level: Int) -> [UInt8] {
    var bytes = plane(level)
    RawPayload.pad(&bytes)
    guard level == 0 else {
      return bytes + gains[level].bitPattern.littleEndianBytes + [0, 0, 0, 0]
    }
    for part in [u, v] {
      bytes += part
      RawPayload.pad(&bytes)
    }
    bytes += factor.bitPattern.littleEndianBytes + gains[0].bitPattern.littleEndianBytes
    bytes += list
    RawPayload.pad(&bytes)
    return bytes
  }

  /// Gaps and excesses, the first bytes of all before the second ones.
  private var list: [UInt8] {
    var gaps: [UInt32] = []
    var next: UInt32 = 0
    for (position, _) in outliers {
      gaps.append(position - next)
      next = position + 1
    }
    let split =
      [(gaps.flatMap(\.littleEndianBytes), 4)]
      + [(outliers.flatMap(\.excess.littleEndianBytes), 2)]
    return split.flatMap { Planes.split($0, 0..<$0.count, width: $1) }
  }

  /// Bit by bit: every row on a byte of its own, most significant bit first.
  private func plane(_ level: Int) -> [UInt8] {
    let rowByteCount = (columns + 7) / 8
    var bytes = [UInt8](repeating: 0, count: rows * rowByteCount)
    for row in 0..<rows {
      for column in 0..<columns
      where numbers[row * columns + column] >> (levels - 1 - level) & 1 == 1 {
        bytes[row * rowByteCount + column / 8] |= 1 << UInt8(7 - column % 8)
      }
    }
    return bytes
  }
}

extension RawPlanes {
  /// Random numbers under moderate vectors.
  init(
    rows: Int, columns: Int, levels: Int, vectors: UInt8, outliers: Int,
    using generator: inout SeededGenerator
  ) {
    self.rows = rows
    self.columns = columns
    self.levels = levels
    self.vectors = vectors
    numbers = (0..<(rows * columns)).map { _ in
      Int.random(in: 0..<(1 << levels), using: &generator)
    }
    u = RawPayload.vectors(vectors, count: rows, rank: 1, using: &generator)
    v = RawPayload.vectors(vectors, count: columns, rank: 1, using: &generator)
    factor = 2.5
    gains = (0..<levels).map { 1 + Float($0) / 16 }
    self.outliers = (0..<outliers).map { entry in
      (UInt32((2 * entry + 1) * rows * columns / (2 * outliers)), 0x3C00 + UInt16(entry) << 6)
    }
  }
}
