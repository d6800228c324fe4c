/// Telling a plane of a matrix by how it differs from the first one (Spec section "Mirrored
/// planes"): where the first bits say on which side of zero an element is, the next ones mostly
/// follow from them.
enum MirroredPlane {
  /// The bytes with the first `byteCount` of them XORed with those of `firstPlane`; what follows is
  /// copied. Doing so twice changes nothing.
  ///
  /// - Precondition: both have so many bytes.
  static func exclusiveOr(
    _ bytes: Span<UInt8>, _ firstPlane: Span<UInt8>, byteCount: Int
  ) -> [UInt8] {
    var result = [UInt8](copying: bytes)
    applyExclusiveOr(firstPlane, byteCount: byteCount, to: &result)
    return result
  }

  /// The same in place.
  static func applyExclusiveOr(
    _ firstPlane: Span<UInt8>, byteCount: Int, to bytes: inout [UInt8]
  ) {
    precondition(byteCount <= bytes.count && byteCount <= firstPlane.count, "a plane is missing")
    var output = bytes.mutableSpan
    for index in 0..<byteCount { output[index] ^= firstPlane[index] }
  }
}
