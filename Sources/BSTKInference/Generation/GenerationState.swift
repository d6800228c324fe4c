internal import BSTKNumerics

/// What a text being generated has left in the model: keys and values of every layer.
///
/// It stays usable when the model changes its size between two tokens: keys and values that other
/// blocks computed are approximations of those the model would compute now, as good as the smaller
/// of the two sizes, and fade as the text goes on.
public struct GenerationState: Sendable {
  /// The number of tokens seen so far.
  public internal(set) var position = 0
  var caches: [LayerCache]
  var runner: LayerRunner
  /// The hidden states of the tokens being run.
  var rows: [Float] = []
  /// The normed state of the last token run.
  var normed: [Float] = []
  /// Logits of the last token run, one for each token of the vocabulary.
  var logits: [Float] = []

  /// The state before the first token.
  ///
  /// - Parameter capacity: Room for a text of that many tokens, taken at once; a longer one makes
  ///   the room grow by steps of 256.
  public init(configuration: ModelConfiguration, capacity: Int = 0) {
    caches = Array(
      repeating: LayerCache(configuration: configuration), count: configuration.layerCount)
    runner = LayerRunner(configuration: configuration, precision: .rounded)
    for index in caches.indices { caches[index].reserve(capacity, keeping: 0) }
  }

  /// The bytes of keys and values held.
  public var cacheByteCount: Int { caches.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for `count` tokens more.
  mutating func makeRoom(for count: Int) {
    let needed = position + count
    guard let capacity = caches.first?.capacity, needed > capacity else { return }
    let steps =
      capacity + (needed - capacity + LayerCache.step - 1) / LayerCache.step
      * LayerCache.step
    for index in caches.indices { caches[index].reserve(steps, keeping: position) }
  }

  /// Gives back what many tokens needed and one does not.
  mutating func releaseBuffers() {
    runner.releaseBuffers()
    rows = []
  }
}
