/// Byte planes and mirrored planes, as the Spec's section 8 says it.
enum Planes {
  /// The payload with its first `count` bytes XORed with those of the first plane.
  static func mirror(_ payload: [UInt8], _ firstPlane: [UInt8], _ count: Int) -> [UInt8] {
    zip(payload, firstPlane).prefix(count).map { $0 ^ $1 } + payload[count...]
  }

  /// The payload with the elements in `range` split.
  static func split(_ payload: [UInt8], _ range: Range<Int>, width: Int) -> [UInt8] {
    let (start, count) = (range.lowerBound, range.count / width)
    var content = payload
    for element in 0..<count {
      for plane in 0..<width {
        content[start + plane * count + element] = payload[start + element * width + plane]
      }
    }
    return content
  }
}
