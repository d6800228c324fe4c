internal import BSTKInference
internal import BSTKTokenizer
internal import BSTKFormat
internal import BSTKInference
internal import BSTKNumerics
internal import BSTKTokenizer

/// One gathering of statistics: forward through the layers, through the head, and back.
struct StatisticsRun: ~Copyable {
  /// Tokens of a window whose logits one thread computes at a time.
  private static let headRows = 64
  /// So many of those are held at once.
  private static let headPassCount = 4

  private let transformer: Transformer
  private let windows: [[TokenID]]
  private let gradientWindows: [Int]
  private let summary: CalibrationStatistics.Summary
  private let stateFile: HiddenStateFile
  private var writer: StatisticsWriter
  private var sweep: WindowSweep
  private var meter: WorkMeter

  private var norms: NormSums
  /// By the states the sweep has come to, for each window with gradients.
  private var gradients: [[Float]] = []
  /// For each linear layer the sum of squared gradients by its outputs.
  private var squares: [String: [Double]] = [:]
  /// How each linear layer's gradients go with its inputs.
  private var couplings: [String: TokenCoupling] = [:]
  /// The sum of p (1 − p) for each token of the vocabulary.
  private var variances: [Double] = []

  private var configuration: ModelConfiguration { transformer.configuration }

  init(
    _ transformer: Transformer, windows: [[TokenID]], gradientWindows: [Int],
    summary: CalibrationStatistics.Summary, path: String
  ) throws {
    let configuration = transformer.configuration
    let sweep = try WindowSweep(windows, transformer: transformer)
    let tensors = try StatisticsLayout(configuration).descriptions(goesBack: summary.weighsTokens)
    let stateFile = try HiddenStateFile(
      beside: path, windowCount: gradientWindows.count,
      elementCount: summary.windowLength * configuration.hiddenSize)
    let writer = try StatisticsWriter(path: path, tensors: tensors, summary: summary)
    self.stateFile = stateFile
    self.writer = writer
    self.sweep = sweep
    self.transformer = transformer
    self.windows = windows
    self.gradientWindows = gradientWindows
    self.summary = summary
    norms = NormSums(configuration: configuration, windowCount: windows.count)
    meter = WorkMeter(
      total: windows.count * (configuration.layerCount + Self.headCost(configuration))
        + gradientWindows.count * configuration.layerCount * Self.backwardCost)
  }

  private var tokenCount: Int { windows.count * summary.windowLength }
  private var gradientTokenCount: Int { gradientWindows.count * summary.windowLength }

  // MARK: Forward

  /// Takes all windows to the last layer's output.
  mutating func goForward(_ progress: (WorkProgress) throws -> Void) throws {
    for index in 0..<configuration.layerCount {
      for (place, window) in gradientWindows.enumerated() {
        let states = sweep.states[window]
        try stateFile.write(states.span, window: place, layer: index)
      }
      var moments = summary.weighsTokens ? [] : momentSums(ofLayer: index)
      try sweep.forward(transformer.loadLayer(index, as: .floats)) { group, passes in
        norms.add(passes, layer: index)
        for input in moments.indices {
          moments[input].add(passes.map { $0.inputs[input] })
        }
        try progress(meter.advance(by: group.count))
      }
      try write(
        moments, factors: moments.map { _ in 1 / Double(tokenCount) }, layer: index)
    }
  }

  // MARK: Head

  /// Takes all windows through the head, and the gradients of some back before it.
  mutating func crossHead(
    labels: [[TokenID]]?, _ progress: (WorkProgress) throws -> Void
  ) throws {
    let head = try transformer.loadHead(as: .floats)
    let numbers = uniformNumbers()
    let width = configuration.hiddenSize
    var passes = [HeadPass](
      repeating: HeadPass(configuration: configuration), count: Self.headPassCount)
    var moments = MomentSum(width: width)
    var scale = WeightScale()
    gradients = gradientWindows.map { _ in [] }
    var place = 0
    for window in windows.indices {
      let hasGradients = place < gradientWindows.count && gradientWindows[place] == window
      let span = passes.count * Self.headRows
      for start in stride(from: 0, to: summary.windowLength, by: span) {
        let end = min(start + span, summary.windowLength)
        let rows = (0..<Self.headPassCount).map { slot in
          min(start + slot * Self.headRows, end)..<min(start + (slot + 1) * Self.headRows, end)
        }
        let states = sweep.states[window]
        for (slot, rows) in rows.enumerated() {
          passes[slot].states = Array(states[rows.lowerBound * width..<rows.upperBound * width])
        }
        Parallel.update(&passes) { slot, pass in
          pass.forward(head)
          guard hasGradients, !rows[slot].isEmpty else { return }
          pass.backward(
            head,
            labels: labels.map { .given(Array($0[window][rows[slot]])) }
              ?? .drawn(Array(numbers[window][rows[slot]])))
        }
        for slot in rows.indices where !rows[slot].isEmpty {
          if hasGradients { gradients[place] += passes[slot].gradient }
          if summary.weighsTokens, hasGradients {
            passes[slot].scaleNormed(by: scale.roots(of: passes[slot].tokenVariances))
          }
        }
        if !summary.weighsTokens || hasGradients { moments.add(passes.map(\.normed)) }
      }
      if hasGradients { place += 1 }
      try progress(meter.advance(by: Self.headCost(configuration)))
    }
    sweep.states = []
    variances = [Double](repeating: 0, count: configuration.vocabularySize)
    for pass in passes {
      for (token, variance) in pass.variances.enumerated() { variances[token] += variance }
    }
    try writer.append(
      moments, factor: summary.weighsTokens ? scale.factor : 1 / Double(tokenCount),
      as: StatisticsLayout.secondMoments(StatisticsLayout.head))
  }

  /// A uniform number for each token of each window.
  private func uniformNumbers() -> [[Double]] {
    var seeds = RandomNumbers(seed: summary.seed)
    return windows.map { window in
      var generator = RandomNumbers(seed: seeds.next())
      return window.map { _ in generator.unit() }
    }
  }

  // MARK: Back

  /// Takes the gradients back to the embedding.
  mutating func goBack(_ progress: (WorkProgress) throws -> Void) throws {
    for index in (0..<configuration.layerCount).reversed() {
      let layer = try transformer.loadLayer(index, as: .floats)
      var moments = summary.weighsTokens ? momentSums(ofLayer: index) : []
      var scales = moments.map { _ in WeightScale() }
      var sums = layer.linears.map { [Double](repeating: 0, count: $0.layer.outFeatures) }
      var couplings = layer.linears.map { _ in TokenCoupling() }
      try sweep.backward(layer, gradients: &gradients) { place, input in
        try stateFile.read(window: place, layer: index, into: &input)
      } visit: { passes in
        for pass in passes {
          for (linear, squares) in pass.layer.outputSquares.enumerated() {
            for (row, square) in squares.enumerated() { sums[linear][row] += square }
          }
          for (number, linear) in layer.linears.enumerated() {
            couplings[number].add(
              squaredGradients: pass.layer.tokenSquares[number],
              input: pass.inputs[linear.layer.role.inputNumber])
          }
        }
        for input in moments.indices {
          for slot in passes.indices {
            let weights = passes[slot].tokenWeights(ofInput: input)
            passes[slot].scaleInput(input, by: scales[input].roots(of: weights))
          }
          moments[input].add(passes.map { $0.inputs[input] })
        }
        try progress(meter.advance(by: passes.count * Self.backwardCost))
      }
      for (linear, sum) in zip(layer.linears, sums) { squares[linear.layer.name] = sum }
      for (linear, coupling) in zip(layer.linears, couplings) {
        self.couplings[linear.layer.name] = coupling
      }
      try write(moments, factors: scales.map(\.factor), layer: index)
    }
  }

  // MARK: Writing

  /// Writes what was gathered in vectors, and gives the file its name.
  consuming func finish() throws {
    for layer in 0..<configuration.layerCount {
      for (input, owner) in LinearLayer.Role.inputOwners.enumerated() {
        let name = configuration.linearLayer(owner, inLayer: layer).name
        try writer.append(
          norms.means(layer: layer, input: input), as: StatisticsLayout.channelNorms(name))
      }
    }
    for linear in configuration.linearLayers {
      try writer.append(
        mean(squares[linear.name] ?? [], over: gradientTokenCount),
        as: StatisticsLayout.sensitivity(linear.name))
    }
    for linear in configuration.linearLayers {
      try writer.append(
        [(couplings[linear.name] ?? TokenCoupling()).value],
        as: StatisticsLayout.coupling(linear.name))
    }
    try writer.append(
      mean(variances, over: tokenCount),
      as: StatisticsLayout.sensitivity(StatisticsLayout.head))
    var counts = [Double](repeating: 0, count: configuration.vocabularySize)
    for token in windows.joined() { counts[Int(token)] += 1 }
    try writer.append(mean(counts, over: tokenCount), as: StatisticsLayout.frequency)
    var columns = [Double](repeating: 0, count: configuration.hiddenSize)
    for gradient in gradients {
      for start in stride(from: 0, to: gradient.count, by: columns.count) {
        Kernels.addSquares(
          gradient.span.extracting(start..<start + columns.count), to: &columns)
      }
    }
    try writer.append(
      mean(columns, over: gradientTokenCount),
      as: StatisticsLayout.sensitivity(StatisticsLayout.embedding))
    try writer.finish()
  }

  private func momentSums(ofLayer index: Int) -> [MomentSum] {
    StatisticsLayout(configuration).inputOwners(inLayer: index).map {
      MomentSum(width: $0.inFeatures)
    }
  }

  private mutating func write(
    _ moments: [MomentSum], factors: [Double], layer: Int
  ) throws(BSTKError) {
    let owners = StatisticsLayout(configuration).inputOwners(inLayer: layer)
    for (owner, (sum, factor)) in zip(owners, zip(moments, factors)) {
      try writer.append(sum, factor: factor, as: StatisticsLayout.secondMoments(owner.name))
    }
  }

  private func mean(_ sums: [Double], over count: Int) -> [Float] {
    sums.map { Float($0 / Double(count)) }
  }

  // MARK: Progress, in windows through one layer

  /// Forward again, and back.
  private static let backwardCost = 2

  private static func headCost(_ configuration: ModelConfiguration) -> Int {
    let layer = LinearLayer.Role.allCases.reduce(0) { sum, role in
      let linear = configuration.linearLayer(role, inLayer: 0)
      return sum + linear.inFeatures * linear.outFeatures
    }
    return max(1, configuration.vocabularySize * configuration.hiddenSize / max(layer, 1))
  }
}
