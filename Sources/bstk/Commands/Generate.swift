internal import BSTKInference
internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

/// Lets a person feel what a size buys.
struct Generate: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue a prompt with a model at a budget.",
    discussion: """
      Greedy unless a temperature is given. With --interactive each line is a prompt, and lines \
      that begin with a slash are commands: /budget 1.2 grows or shrinks the model in memory, \
      /quit ends. Of a published file the budget's prefix is fetched first, with --interactive all.

      EXAMPLES
        bstk generate model.bstk "In the beginning" --mb 1.2
        bstk generate model.bstk "My lords," --temperature 0.8 --top-p 0.95 --seed 7
        bstk generate https://example.org/model.bstk "In the beginning" --mb 1.2
        bstk generate model.bstk --interactive
      """)

  @Argument(help: "A .bstk file or its http(s) address.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Argument(help: "The text to continue.")
  var prompt: String?

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(help: "Write at most so many tokens.")
  var maxTokens = 128

  @Option(help: "0 always takes the likeliest token; higher is freer.")
  var temperature: Float = 0

  @Option(help: "Choose among the so many likeliest tokens.")
  var topK: Int?

  @Option(help: "Choose among the likeliest tokens that together have this probability.")
  var topP: Float?

  @Option(help: "Seed of the choices.")
  var seed: UInt64 = 0

  @Flag(name: .shortAndLong, help: "Read prompts and commands from standard input.")
  var interactive = false

  mutating func validate() throws {
    guard interactive || prompt != nil else {
      throw ValidationError("Give a prompt or --interactive.")
    }
    guard temperature.isFinite, temperature >= 0 else {
      throw ValidationError("--temperature must be 0 or more.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p must be above 0 and at most 1.")
    }
    if maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1.") }
    if SourceAddress.isAddress(model) { try network.validate(for: model) }
  }

  func execute() async throws {
    let bar = StepBar(.automatic)
    defer { bar.finish() }
    let language = try await LocalModel.open(
      model, budget: interactive ? .unlimited : budget.budget, network: network, bar: bar)
    guard case .file(let file) = language.origin else {
      throw BSTKError(
        .model, "\(model) is a folder", remedy: "compress it first: bstk compress \(model) -o …")
    }
    // Before the weights, since reading a tokenizer takes more than keeping it.
    let generator = Generator(
      tokenizer: try language.tokenizer(),
      sampling: Sampling(temperature: temperature, topK: topK, topP: topP, seed: seed))
    let cut = try Self.cut(budget.budget, of: file)
    Console.say(
      Self.text(
        MemoryNeed(
          cut, configuration: language.configuration,
          positions: try positions(generator, language.configuration))))
    var session = GenerationSession(
      model: try ResizableModel(
        file, configuration: language.configuration, cut: cut,
        progress: { bar.update("loading", $0) }),
      generator: generator, maximumTokens: maxTokens)
    bar.finish()
    if let prompt { try session.answer(prompt) }
    if interactive { try session.converse() }
  }

  /// The positions of the longest text that is known to come: with --interactive one with a prompt
  /// of 256 tokens.
  private func positions(
    _ generator: Generator, _ configuration: ModelConfiguration
  ) throws(BSTKError) -> Int {
    var promptTokens = interactive ? 256 : 1
    if let prompt {
      let tokens = try generator.tokens(ofPrompt: prompt, configuration: configuration)
      promptTokens = max(promptTokens, tokens.count)
    }
    return configuration.cachePositions(promptTokens: promptTokens, maximumTokens: maxTokens)
  }

  /// What will be held, for people.
  static func text(_ need: MemoryNeed) -> String {
    "weights \(ByteFormat.decimal(need.weightByteCount)),"
      + " cache \(ByteFormat.decimal(need.cacheByteCount)),"
      + " at most \(ByteFormat.binary(MemoryNeed.otherByteCount)) besides"
  }

  /// The largest cut within a budget that the file holds.
  static func cut(_ budget: Budget, of file: ModelFile) throws(BSTKError) -> Cut {
    try file.requireUsable()
    return try file.cut(within: budget)
  }
}
