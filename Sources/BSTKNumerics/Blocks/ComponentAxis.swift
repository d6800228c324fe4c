/// Which way the rank components of a stored factor run.
public enum ComponentAxis: Sendable {
  /// A component is a column: U, `length` × `rank` row-major.
  case columns
  /// A component is a row: V^T, `rank` × `length` row-major.
  case rows
}
