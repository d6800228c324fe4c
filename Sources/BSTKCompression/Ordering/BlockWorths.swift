internal import BSTKFormat
internal import BSTKStore

/// The worth of every block, in nats of divergence that it takes away.
struct BlockWorths {
  /// By matrix number and level.
  let values: [[Float]]

  /// Scales the squared errors that the blocks remove by what an error of each matrix costs.
  ///
  /// - Parameters:
  ///   - manifest: A file whose worths are the shares of its matrix's squared norm that each block
  ///     removes.
  ///   - divergences: What ``SensitivityProbe`` measured, by matrix number.
  ///   - levels: The levels the probed matrices had.
  init(_ manifest: Manifest, divergences: [Int: Double], probedLevels levels: Int) {
    var shares: [[Double]] = manifest.matrices.map { _ in [] }
    var next = manifest.extensions.worths?.makeIterator()
    for chunk in manifest.chunks {
      if case .block(let matrix, _, _, _) = chunk.contents {
        shares[matrix].append(Double(next?.next() ?? 0))
      }
    }
    let worst = divergences.values.filter(\.isFinite).max() ?? 0
    values = shares.enumerated().map { number, shares in
      let remaining = 1 - shares.prefix(levels).reduce(0, +)
      let measured = divergences[number] ?? 0
      // A model that gives no numbers at all has moved no less than any other.
      let divergence = measured.isFinite ? measured : worst
      // Where nothing remains of the error, nothing is left to be worth anything.
      let scale = remaining > 1e-12 ? divergence / remaining : 0
      return shares.map { Float(scale * $0) }
    }
  }

  /// The blocks with their worths and their bytes in the file.
  func blocks(of manifest: Manifest) -> [SpooledBlock] {
    let sizes = Self.storedByteCounts(manifest)
    return values.enumerated().flatMap { matrix, worths in
      worths.enumerated().map { level, worth in
        SpooledBlock(
          matrix: matrix, level: level, storedByteCount: sizes[matrix][level], worth: worth)
      }
    }
  }

  /// The stored bytes of every block, by matrix number and level.
  static func storedByteCounts(_ manifest: Manifest) -> [[Int]] {
    var counts: [[Int]] = manifest.matrices.map { _ in [] }
    for chunk in manifest.chunks {
      if case .block(let matrix, _, _, _) = chunk.contents {
        counts[matrix].append(chunk.storedByteCount)
      }
    }
    return counts
  }
}
