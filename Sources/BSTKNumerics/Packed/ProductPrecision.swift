/// How a product with a ``PackedMatrix`` treats its inputs.
public enum ProductPrecision: Sendable, Hashable, CaseIterable {
  /// In 32-bit floating point, from weights rebuilt a tile at a time.
  case exact
  /// Rounded to 8 bits, 32 to a scale: some 0.6 % of the size that products of such numbers have at
  /// random, and several times as fast. Half-precision weights take inputs as they are.
  case rounded
}
