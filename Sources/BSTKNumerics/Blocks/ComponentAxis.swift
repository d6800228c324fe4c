/// Which way the rank components of a stored factor run.
public enum ComponentAxis: Sendable {
  /// A component is a column: U, `length` × `rank` row-major.
  case columns
  /// A component is a row: V^T, `rank` × `length` row-major.
  case rows

  /// The component that holds the value at `index` of a row-major factor.
  func component(of index: Int, rank: Int, length: Int) -> Int {
    switch self {
    case .columns: index % rank
    case .rows: index / length
    }
  }
}
