import BSTKCodec
import BSTKFormat
import BSTKStore

/// The Spec's reconstruction formula, element by element, in binary32.
enum Reconstruction {
  /// The matrix with this number from all blocks that the file holds, row-major.
  static func matrix(_ number: Int, of file: ModelFile) throws -> [Float] {
    let record = file.manifest.matrices[number]
    var weights = [Float](repeating: 0, count: record.elementCount)
    let decoder = try ChunkDecoder()
    for chunk in file.blockChunks(ofMatrix: number) {
      guard let layout = file.manifest.blockLayout(ofChunk: chunk) else { continue }
      let payload = try file.payload(ofChunk: chunk, decoder: decoder)
      let u = values(Array(payload[layout.u]), layout) { $0 % layout.rank }
      let vt = values(Array(payload[layout.vt]), layout) { $0 / layout.columns }
      for row in 0..<layout.rows {
        for column in 0..<layout.columns {
          let bit = row * layout.columns + column
          let isPositive = payload[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
          var magnitude: Float = 0
          for component in 0..<layout.rank {
            magnitude += u[row * layout.rank + component] * vt[component * layout.columns + column]
          }
          weights[bit] += isPositive ? magnitude : -magnitude
        }
      }
    }
    return weights
  }

  private static func values(
    _ bytes: [UInt8], _ layout: BlockLayout, component: (Int) -> Int
  ) -> [Float] {
    switch layout.vectors {
    case .f16: numbers(bytes, UInt16.self).map { Float(Float16(bitPattern: $0)) }
    case .bf16: numbers(bytes, UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .i8:
      bytes[(4 * layout.rank)...].enumerated().map { index, byte in
        let scales = numbers(Array(bytes[..<(4 * layout.rank)]), UInt32.self)
        return Float(bitPattern: scales[component(index)]) * Float(Int8(bitPattern: byte))
      }
    }
  }

  private static func numbers<Number: FixedWidthInteger & UnsignedInteger>(
    _ bytes: [UInt8], _: Number.Type
  ) -> [Number] {
    let width = Number.bitWidth / 8
    return stride(from: 0, to: bytes.count, by: width).map { at in
      bytes[at..<(at + width)].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
  }
}
