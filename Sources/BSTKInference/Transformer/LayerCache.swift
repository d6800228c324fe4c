/// Keys and values one decoder layer has computed, head-major: head × capacity × head width.
struct LayerCache: Sendable {
  /// Positions by which a cache grows that was not made for the text's length.
  static let step = 256

  private(set) var capacity = 0
  var keys: [Float] = []
  var values: [Float] = []
  private let heads: Int
  private let width: Int

  init(configuration: ModelConfiguration) {
    heads = configuration.keyValueHeadCount
    width = configuration.headDimension
  }

  /// Elements from one head to the next.
  var stride: Int { capacity * width }

  /// The bytes held.
  var byteCount: Int { (keys.count + values.count) * MemoryLayout<Float>.size }

  /// Makes room for exactly `positions` positions where there is less, keeping the first `kept`.
  mutating func reserve(_ positions: Int, keeping kept: Int) {
    guard positions > capacity else { return }
    keys = grown(keys, to: positions, keeping: kept)
    values = grown(values, to: positions, keeping: kept)
    capacity = positions
  }

  private func grown(_ old: [Float], to newCapacity: Int, keeping kept: Int) -> [Float] {
    var new = [Float](repeating: 0, count: heads * newCapacity * width)
    for head in 0..<heads where kept > 0 {
      let to = head * newCapacity * width
      new.replaceSubrange(
        to..<to + kept * width, with: old[head * stride..<head * stride + kept * width])
    }
    return new
  }
}

extension ModelConfiguration {
  /// The bytes of keys and values for a text of that many tokens: fp32, all layers.
  public func cacheByteCount(positions: Int) -> Int {
    2 * layerCount * keyValueHeadCount * headDimension * positions * MemoryLayout<Float>.size
  }
}
