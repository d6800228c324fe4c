package import BSTKFormat

/// The range of fp16.
package enum HalfRange {
  /// - Throws: `FLOAT` when a value would round to infinity as fp16; what is infinite already may
  ///   stay so.
  package static func check(_ floats: Span<Float>, of name: String) throws(BSTKError) {
    for index in floats.indices where floats[index].isFinite && abs(floats[index]) >= 65520 {
      throw BSTKError(
        .float, "tensor \(name) has a value of \(floats[index]), too large for fp16",
        remedy: "export as bf16 or fp32")
    }
  }
}
