/// Byte planes, as the Spec's section 8.2 says it.
enum Planes {
  static func split(_ payload: [UInt8], start: Int, width: Int) -> [UInt8] {
    let count = (payload.count - start) / width
    var content = payload
    for element in 0..<count {
      for plane in 0..<width {
        content[start + plane * count + element] = payload[start + element * width + plane]
      }
    }
    return content
  }
}
