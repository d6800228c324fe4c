import BSTKFormat

/// A matrix of nested planes rebuilt from its payloads by the Spec's words: every part is looked up
/// anew, every product is taken in binary64.
struct NestedReconstruction {
  let rows: Int
  let columns: Int
  let outlierCount: Int
  let vectors: VectorType
  /// One for each level that is there.
  let payloads: [[UInt8]]

  private func align(_ value: Int) -> Int { (value + 7) / 8 * 8 }

  private var rowByteCount: Int { (columns + 7) / 8 }
  private var uStart: Int { align(rows * rowByteCount) }
  private var vStart: Int { align(uStart + byteCount(rows)) }
  private var factorStart: Int { align(vStart + byteCount(columns)) }

  private func byteCount(_ count: Int) -> Int {
    switch vectors {
    case .f16, .bf16: 2 * count
    case .i8, .log8: 4 + count
    }
  }

  private func float(_ payload: [UInt8], _ at: Int) -> Double {
    let bits = payload[at..<(at + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Double(Float(bitPattern: bits))
  }

  private func vector(_ start: Int, _ count: Int) -> [Float] {
    let bytes = Array(payloads[0][start..<(start + byteCount(count))])
    return Reconstruction.values(bytes, vectors, 1) { _ in 0 }
  }

  /// The excess of every element; zero where it is not listed.
  private var excess: [Double] {
    var all = [Double](repeating: 0, count: rows * columns)
    let start = factorStart + 8
    func byte(_ plane: Int, _ entry: Int) -> Int {
      Int(payloads[0][start + plane * outlierCount + entry])
    }
    var position = -1
    for entry in 0..<outlierCount {
      position += 1
      for plane in 0..<4 { position += byte(plane, entry) << (8 * plane) }
      let value = UInt16(byte(4, entry) | byte(5, entry) << 8)
      all[position] = Double(Float16(bitPattern: value))
    }
    return all
  }

  /// The matrix of the first `levels` levels, row-major.
  func weights(levels: Int) -> [Float] {
    let u = vector(uStart, rows)
    let v = vector(vStart, columns)
    let factor = float(payloads[0], factorStart)
    let gain =
      levels == 1
      ? float(payloads[0], factorStart + 4)
      : float(payloads[levels - 1], align(rows * rowByteCount))
    let excess = excess
    var weights: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns {
        var number = 0
        for level in 0..<levels {
          let byte = payloads[level][row * rowByteCount + column / 8]
          number = 2 * number + Int(byte >> UInt8(7 - column % 8) & 1)
        }
        let odd = Double(2 * number - ((1 << levels) - 1))
        let step = gain * factor / Double(1 << (levels - 1))
        let value =
          Double(u[row]) * Double(v[column]) * (step * odd + excess[row * columns + column])
        weights.append(Float(value))
      }
    }
    return weights
  }
}
