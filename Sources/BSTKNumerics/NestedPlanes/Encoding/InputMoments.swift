/// The second moments H = E[x xᵀ] of what a matrix is multiplied with: how much an error in each
/// column, or in two of them together, costs.
public enum InputMoments: Sendable {
  /// Nothing is known: every column counts alike.
  case unit
  /// The diagonal alone, one value a column.
  case diagonal([Float])
  /// The whole symmetric matrix, columns × columns, row-major.
  case full([Float])

  /// - Throws: `invalidShape` when they are of another number of columns, `notFinite` when the
  ///   diagonal has a value that is negative or no number.
  func validate(columns: Int) throws(NumericsError) {
    switch self {
    case .unit: return
    case .diagonal(let values):
      guard values.count == columns else {
        throw .invalidShape("\(values.count) moments for \(columns) columns")
      }
    case .full(let values):
      guard values.count == columns * columns else {
        throw .invalidShape("\(values.count) moments for \(columns) × \(columns)")
      }
    }
    if let column = diagonal(columns: columns).firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .notFinite(index: column)
    }
  }

  /// The diagonal; ones where nothing is known.
  func diagonal(columns: Int) -> [Float] {
    switch self {
    case .unit: [Float](repeating: 1, count: columns)
    case .diagonal(let values): values
    case .full(let values): (0..<columns).map { values[$0 * columns + $0] }
    }
  }
}
