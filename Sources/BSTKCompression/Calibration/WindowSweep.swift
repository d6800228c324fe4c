internal import BSTKInference
internal import BSTKNumerics
internal import BSTKTokenizer

/// Takes the windows of a text through a model layer by layer, several at a time.
///
/// Each window is one thread's work from end to end and sums over windows run in their order, so
/// nothing depends on the number of threads. Memory: the hidden states of all windows, and what
/// is kept within a layer for a group of them.
struct WindowSweep {
  /// Tokens whose values within a layer are held at once, unless one window has more.
  private static let groupTokens = 2048

  let configuration: ModelConfiguration
  /// Hidden states of each window before the next layer, tokens × hidden size.
  var states: [[Float]]
  let windowLength: Int
  let angles: RotaryAngles
  private var passes: [WindowPass] = []

  /// Embeds windows of equal length.
  init(_ windows: [[TokenID]], transformer: Transformer) throws {
    configuration = transformer.configuration
    let embedded = try transformer.embed(windows)
    let length = embedded.windowLengths.first ?? 0
    precondition(embedded.windowLengths.allSatisfy { $0 == length })
    let size = length * embedded.width
    states = windows.indices.map { Array(embedded.values[$0 * size..<($0 + 1) * size]) }
    windowLength = length
    angles = configuration.rotaryEmbedding.angles(first: 0, count: length, sequenceLength: length)
  }

  /// The given number of windows in groups that go through a layer together.
  func groups(of count: Int) -> [Range<Int>] {
    let size = max(1, Self.groupTokens / max(windowLength, 1))
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Applies a layer to every window.
  ///
  /// - Parameter visit: Sees each group behind the layer: its windows, and the pass of each.
  mutating func forward(
    _ layer: LayerWeights, visit: (Range<Int>, [WindowPass]) throws -> Void
  ) throws {
    let angles = angles
    for group in groups(of: states.count) {
      prepare(group.count)
      for (slot, window) in group.enumerated() {
        swap(&passes[slot].layer.input, &states[window])
      }
      Parallel.update(&passes) { _, pass in
        pass.layer.forward(layer, angles: angles)
        pass.measureNorms()
      }
      for (slot, window) in group.enumerated() {
        swap(&passes[slot].layer.output, &states[window])
      }
      try visit(group, passes)
    }
  }

  /// Takes gradients back through a layer.
  ///
  /// - Parameters:
  ///   - gradients: By the states behind the layer for each window that has them, by those before
  ///     it on return.
  ///   - input: Fills in the states before the layer of the window with that place in `gradients`.
  ///   - visit: Sees each group before the layer, with the passes' inputs its own to change.
  mutating func backward(
    _ layer: LayerWeights, gradients: inout [[Float]],
    input: (Int, inout [Float]) throws -> Void,
    visit: (inout [WindowPass]) throws -> Void
  ) throws {
    let angles = angles
    let size = windowLength * configuration.hiddenSize
    for group in groups(of: gradients.count) {
      prepare(group.count)
      for (slot, window) in group.enumerated() {
        passes[slot].layer.input.resize(size)
        try input(window, &passes[slot].layer.input)
        swap(&passes[slot].layer.gradient, &gradients[window])
      }
      Parallel.update(&passes) { _, pass in
        pass.layer.forward(layer, angles: angles)
        pass.layer.backward(layer, angles: angles)
      }
      for (slot, window) in group.enumerated() {
        swap(&passes[slot].layer.gradient, &gradients[window])
      }
      try visit(&passes)
    }
  }

  private mutating func prepare(_ count: Int) {
    if passes.count > count { passes.removeLast(passes.count - count) }
    while passes.count < count { passes.append(WindowPass(configuration: configuration)) }
  }
}
