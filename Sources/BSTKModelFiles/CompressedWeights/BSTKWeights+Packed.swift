package import BSTKFormat
package import BSTKNumerics

internal import BSTKCodec
internal import BSTKStore

extension BSTKWeights {
  /// Matrix `number` in its code, with its first levels, at most `levels` of those that are used.
  package func packedMatrix(
    _ number: Int, levels: Int = .max
  ) throws(BSTKError) -> PackedMatrix {
    var matrix: PackedMatrix?
    try extend(&matrix, number: number, levels: 0..<min(levels, levelCounts[number]))
    guard let matrix else { preconditionFailure("a usable file has a level of every matrix") }
    return matrix
  }

  /// Gives a matrix that has the used levels of another prefix those of this one, by its name; a
  /// tensor that is not coded in levels stays as it is.
  ///
  /// - Parameter levels: The levels of each matrix it has, none above those that are used.
  package func grow(
    _ matrix: inout WeightMatrix, named name: String, from levels: [Int]
  ) throws(BSTKError) {
    guard let tensor = matrixTensor(named: name) else { return }
    for number in tensor.parts where levels[number] < levelCounts[number] {
      try matrix.updatePart(number - tensor.parts.lowerBound) { part throws(BSTKError) in
        var grown: PackedMatrix? = part
        try extend(&grown, number: number, levels: levels[number]..<levelCounts[number])
        if let grown { part = grown }
      }
    }
  }

  /// Adds some levels of a matrix to those before them.
  private func extend(
    _ matrix: inout PackedMatrix?, number: Int, levels: Range<Int>
  ) throws(BSTKError) {
    try file.forEachBlock(ofMatrix: number, levels: levels, decoder: ChunkDecoder()) {
      _, chunk, payload throws(BSTKError) in
      try manifest.append(payload, chunk: chunk, to: &matrix)
    }
  }
}

extension Manifest {
  /// Adds a level to the matrix it belongs to; the first one begins it.
  ///
  /// - Precondition: the payload is the decoded chunk's.
  /// - Throws: `NUMERICS`, which no payload that was decoded gives cause for.
  package func append(
    _ payload: consuming [UInt8], chunk: Int, to matrix: inout PackedMatrix?
  ) throws(BSTKError) {
    do throws(NumericsError) {
      if matrix == nil {
        matrix = try PackedMatrix(payload: payload, layout(ofChunk: chunk))
      } else {
        try matrix?.append(payload: payload, layout(ofChunk: chunk))
      }
    } catch {
      throw BSTKError(
        .numerics, "\(error)", offset: chunkOffset(chunk), section: .chunk(chunk))
    }
  }
}
