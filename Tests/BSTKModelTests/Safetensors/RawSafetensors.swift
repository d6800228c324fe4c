/// The bytes of a safetensors file put together by hand, right or wrong.
struct RawSafetensors {
  let bytes: [UInt8]

  /// - Parameter length: What the first eight bytes claim; by default the truth.
  init(_ json: String, data: [UInt8] = [], length: UInt64? = nil) {
    let claim = length ?? UInt64(json.utf8.count)
    bytes =
      (0..<8).map { UInt8(truncatingIfNeeded: claim >> (8 * UInt64($0))) } + Array(json.utf8)
      + data
  }
}
