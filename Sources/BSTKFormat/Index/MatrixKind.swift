/// How a matrix is coded in levels (Spec registry "Matrix kinds").
public enum MatrixKind: UInt8, Hashable, Sendable, CaseIterable {
  /// A sum of sign blocks: every level is a sign plane under a magnitude of its own.
  case signBlocks = 1
  /// Nested planes: every level adds one bit to an integer grid under one magnitude of rank 1.
  case nestedPlanes = 2

  /// The most levels that a matrix may have.
  public var levelLimit: Int {
    switch self {
    case .signBlocks: Int(Limits.levelCount)
    case .nestedPlanes: Int(Limits.nestedLevelCount)
    }
  }

  /// The name that tables use.
  public var name: String {
    switch self {
    case .signBlocks: "sign blocks"
    case .nestedPlanes: "nested planes"
    }
  }
}
