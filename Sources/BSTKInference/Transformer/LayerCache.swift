/// Keys and values one decoder layer has computed, head-major: head × capacity × head width.
struct LayerCache: Sendable {
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

  /// Makes room for `positions` positions, keeping the first `kept`.
  mutating func reserve(_ positions: Int, keeping kept: Int) {
    guard positions > capacity else { return }
    let newCapacity = kept == 0 ? positions : max(positions, 2 * capacity)
    keys = grown(keys, to: newCapacity, keeping: kept)
    values = grown(values, to: newCapacity, keeping: kept)
    capacity = newCapacity
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
