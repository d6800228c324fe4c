import BSTKCodec
import BSTKFormat
import BSTKStore
import Foundation

/// The Spec's reconstruction formulas, element by element.
enum Reconstruction {
  /// The matrix with this number from all blocks that the file holds, row-major.
  static func matrix(_ number: Int, of file: ModelFile) throws -> [Float] {
    let record = file.manifest.matrices[number]
    switch record.kind {
    case .signBlocks: return try signBlocks(number, of: file)
    case .nestedPlanes:
      let planes = try nestedPlanes(number, of: file)
      return planes.weights(levels: file.blockChunks(ofMatrix: number).count)
    }
  }

  /// The planes of a matrix as far as the file holds them.
  static func nestedPlanes(_ number: Int, of file: ModelFile) throws -> NestedReconstruction {
    let record = file.manifest.matrices[number]
    let decoder = try ChunkDecoder()
    let chunks = file.blockChunks(ofMatrix: number)
    let payloads = try chunks.map { try file.payload(ofChunk: $0, decoder: decoder) }
    guard case .block(_, 0, _, let vectors?) = file.manifest.chunks[chunks[0]].contents else {
      throw BSTKError(.order, "level 0 has vectors")
    }
    return NestedReconstruction(
      rows: record.rows, columns: record.columns, outlierCount: record.outlierCount,
      vectors: vectors, payloads: payloads)
  }

  private static func signBlocks(_ number: Int, of file: ModelFile) throws -> [Float] {
    let record = file.manifest.matrices[number]
    var weights = [Float](repeating: 0, count: record.elementCount)
    let decoder = try ChunkDecoder()
    for chunk in file.blockChunks(ofMatrix: number) {
      guard case .signBlock(let layout) = file.manifest.layout(ofChunk: chunk) else {
        throw BSTKError(.order, "a matrix of sign blocks has another block")
      }
      let payload = try file.payload(ofChunk: chunk, decoder: decoder)
      let u = values(Array(payload[layout.u]), layout.vectors, layout.rank) { $0 % layout.rank }
      let vt = values(Array(payload[layout.vt]), layout.vectors, layout.rank) {
        $0 / layout.columns
      }
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

  /// The values of vectors of `rank` components.
  static func values(
    _ bytes: [UInt8], _ type: VectorType, _ rank: Int, component: (Int) -> Int
  ) -> [Float] {
    func scale(_ index: Int) -> Float {
      Float(bitPattern: numbers(Array(bytes[..<(4 * rank)]), UInt32.self)[component(index)])
    }
    return switch type {
    case .f16: numbers(bytes, UInt16.self).map { Float(Float16(bitPattern: $0)) }
    case .bf16: numbers(bytes, UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .i8:
      bytes[(4 * rank)...].enumerated().map { index, byte in
        scale(index) * Float(Int8(bitPattern: byte))
      }
    case .log8:
      bytes[(4 * rank)...].enumerated().map { index, byte in
        byte == 255 ? 0 : Float(Double(scale(index)) * exp2(-Double(byte) / 16))
      }
    }
  }

  static func numbers<Number: FixedWidthInteger & UnsignedInteger>(
    _ bytes: [UInt8], _: Number.Type
  ) -> [Number] {
    let width = Number.bitWidth / 8
    return stride(from: 0, to: bytes.count, by: width).map { at in
      bytes[at..<(at + width)].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
  }
}
