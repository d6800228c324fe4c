/// How a pass holds the matrices it loads.
public enum WeightForm: Hashable, Sendable {
  /// As the source stores them, which takes the least memory: products come straight from the code.
  case stored
  /// In fp32, for work that multiplies by the same matrix many times or goes through it backwards.
  case floats
}
