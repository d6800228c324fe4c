/// What single elements of a matrix hold beyond their planes: clipped entries, ascending.
public struct SparseExcess: Sendable {
  /// Element numbers, row · columns + column.
  public let positions: [UInt32]
  /// The excess of each, in the unit of u(row) · v(column).
  public let values: [Float]

  /// A matrix without such entries.
  public static let none = SparseExcess()

  private init() {
    positions = []
    values = []
  }

  /// Checks the list against the matrix.
  ///
  /// - Throws: `invalidShape` when the counts differ, `invalidPosition` for the first position that
  ///   does not ascend or is not below `elementCount`, `notFinite` for a value.
  public init(positions: [UInt32], values: [Float], elementCount: Int) throws(NumericsError) {
    guard positions.count == values.count else {
      throw .invalidShape("\(positions.count) positions for \(values.count) entries")
    }
    for index in positions.indices {
      guard Int(positions[index]) < elementCount,
        index == 0 || positions[index - 1] < positions[index]
      else { throw .invalidPosition(index: index) }
      guard values[index].isFinite else { throw .notFinite(index: index) }
    }
    self.positions = positions
    self.values = values
  }

  /// The entries whose positions lie in `elements`.
  func indices(of elements: Range<Int>) -> Range<Int> {
    firstIndex(notBelow: elements.lowerBound)..<firstIndex(notBelow: elements.upperBound)
  }

  private func firstIndex(notBelow position: Int) -> Int {
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = low + (high - low) / 2
      if Int(positions[middle]) < position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
