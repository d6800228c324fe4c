/// What a text being generated has left in the model: keys and values of every layer.
public struct GenerationState: Sendable {
  /// The number of tokens seen so far.
  public internal(set) var position = 0
  var caches: [LayerCache]
  var runner: LayerRunner

  /// The state before the first token.
  public init(configuration: ModelConfiguration) {
    caches = Array(
      repeating: LayerCache(configuration: configuration), count: configuration.layerCount)
    runner = LayerRunner(configuration: configuration)
  }
}
