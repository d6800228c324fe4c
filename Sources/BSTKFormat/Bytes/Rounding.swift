extension FixedWidthInteger {
  /// The smallest multiple of `alignment` at or above the value.
  ///
  /// - Precondition: `alignment` is positive and the result is representable; the callers' values
  ///   were compared with the Spec's limits before.
  func roundedUp(to alignment: Self) -> Self {
    let remainder = self % alignment
    return remainder == 0 ? self : self + (alignment - remainder)
  }

  /// The quotient rounded up.
  func dividedRoundingUp(by divisor: Self) -> Self {
    self / divisor + (self % divisor == 0 ? 0 : 1)
  }
}
