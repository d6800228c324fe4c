import BSTKNumerics
import COpenBLAS
import Foundation
import Testing

/// Weights of the small public-domain model, where it is at hand.
@Suite struct RealModelTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/models/pd-llama").standardizedFileURL

  @Test(arguments: [1, 4, 16])
  func eightLevelsAreAsGoodAsAnExactDecomposition(rank: Int) throws {
    let file = Self.folder.appending(path: "model.safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else {
      print("skipped: \(Self.folder.path) is not there")
      return
    }
    let matrices = try firstLayer(of: Data(contentsOf: file))
    #expect(matrices.count == 7)
    for matrix in matrices {
      let (rows, columns) = (matrix.rows, matrix.columns)
      let exact = try exactError(matrix.values, rows: rows, columns: columns, rank: rank, levels: 8)
      var options = DecompositionOptions(levels: 8, rank: rank)
      let levels = try decompose(matrix.values, rows: rows, columns: columns, options: options)
      let last = try #require(levels.last)
      #expect(last.weightError.relativeAfter <= 1.002 * exact, "\(matrix.name)")
      guard rank == 4, min(rows, columns) >= 192 else { continue }
      options.method = .randomized(oversampling: 12, powerIterations: 6)
      let fast = try #require(
        try decompose(matrix.values, rows: rows, columns: columns, options: options).last)
      #expect(fast.weightError.relativeAfter <= 1.002 * exact, "\(matrix.name), iterated")
    }
  }

  private struct NamedMatrix {
    let name: String
    let rows: Int
    let columns: Int
    let values: [Float]
  }

  /// The bf16 projections of layer 0 of a safetensors file known to be good.
  private func firstLayer(of data: Data) throws -> [NamedMatrix] {
    let headerCount = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let object = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(headerCount))
    let header = try #require(object as? [String: Any])
    return try header.compactMap { name, entry in
      guard name.hasPrefix("model.layers.0."), name.hasSuffix("_proj.weight"),
        let entry = entry as? [String: Any]
      else { return nil }
      #expect(entry["dtype"] as? String == "BF16")
      let shape = try #require(entry["shape"] as? [Int])
      let offsets = try #require(entry["data_offsets"] as? [Int])
      let bytes = [UInt8](
        data.dropFirst(8 + headerCount + offsets[0]).prefix(offsets[1] - offsets[0]))
      let values = stride(from: 0, to: bytes.count, by: 2).map {
        Float(bitPattern: UInt32(bytes[$0]) << 16 | UInt32(bytes[$0 + 1]) << 24)
      }
      return NamedMatrix(name: name, rows: shape[0], columns: shape[1], values: values)
    }
  }

  /// ‖residual‖ / ‖W‖ with unrounded vectors from LAPACK's full decomposition in double precision.
  private func exactError(
    _ weights: [Float], rows: Int, columns: Int, rank: Int, levels: Int
  ) throws -> Double {
    var residual = weights.map { Double($0) }
    let side = min(rows, columns)
    for _ in 0..<levels {
      // Row-major |R| is column-major |R|^T, so LAPACK's "u" holds right vectors.
      var matrix = residual.map { abs($0) }
      var (m, n, k) = (Int32(columns), Int32(rows), Int32(side))
      var values = [Double](repeating: 0, count: side)
      var right = [Double](repeating: 0, count: columns * side)
      var left = [Double](repeating: 0, count: side * rows)
      var work = [Double](repeating: 0, count: 8 * side * side + 8 * (rows + columns))
      var workCount = Int32(work.count)
      var integers = [Int32](repeating: 0, count: 8 * side)
      var status: Int32 = 0
      // SAFETY: the arrays have at least the lengths LAPACK documents for job S.
      unsafe bstk_dgesdd(
        "S", &m, &n, &matrix, &m, &values, &right, &m, &left, &k, &work, &workCount, &integers,
        &status)
      try #require(status == 0)
      for index in 0..<rank {
        for column in 0..<columns { right[index * columns + column] *= values[index] }
      }
      var magnitude = [Double](repeating: 0, count: rows * columns)
      var target = magnitude.mutableSpan
      BLAS.gemm(
        m: rows, n: columns, k: rank, a: left.span, lda: side, b: right.span, ldb: columns,
        c: &target, ldc: columns)
      for index in residual.indices {
        residual[index] -= residual[index] >= 0 ? magnitude[index] : -magnitude[index]
      }
    }
    let squares = { (values: [Double]) in values.reduce(0) { $0 + $1 * $1 } }
    return (squares(residual) / squares(weights.map { Double($0) })).squareRoot()
  }
}
