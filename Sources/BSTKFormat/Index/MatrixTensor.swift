/// A tensor that is coded in levels: one matrix, or several that each hold some of its rows.
public struct MatrixTensor: Hashable, Sendable {
  /// The tensor's name in the model.
  public let name: String
  /// The type that the tensor had before it was coded.
  public let sourceType: ElementType
  /// Output features, of all parts together.
  public let rows: Int
  /// Input features.
  public let columns: Int
  /// The numbers of its matrices in ``Manifest/matrices``, by their rows from the first one on.
  public let parts: Range<Int>

  /// Elements of the tensor.
  public var elementCount: Int { rows * columns }
}

extension MatrixTensor {
  /// The tensors of a table that has been checked.
  static func tensors(of matrices: [MatrixRecord]) -> [MatrixTensor] {
    var tensors: [MatrixTensor] = []
    var end = matrices.count
    for number in matrices.indices.reversed() where matrices[number].firstRow == 0 {
      let first = matrices[number]
      tensors.append(
        MatrixTensor(
          name: first.name, sourceType: first.sourceType,
          rows: matrices[end - 1].tensorRows.upperBound, columns: first.columns,
          parts: number..<end))
      end = number
    }
    return tensors.reversed()
  }
}
