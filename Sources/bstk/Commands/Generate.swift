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
      model, budget: interactive ? .unlimited : budget.sizes, network: network, bar: bar)
    guard case .file(let file) = language.origin else {
      throw BSTKError(
        .model, "\(model) is a folder", remedy: "compress it first: bstk compress \(model) -o …")
    }
    var session = GenerationSession(
      model: try ResizableModel(
        file, configuration: language.configuration, cut: Self.cut(budget.budgetNow(), of: file),
        progress: { bar.update("loading", $0) }),
      generator: Generator(
        tokenizer: try language.tokenizer(),
        sampling: Sampling(temperature: temperature, topK: topK, topP: topP, seed: seed)),
      maximumTokens: maxTokens)
    bar.finish()
    if let prompt { try session.answer(prompt) }
    if interactive { try session.converse() }
  }

  /// The largest cut within a budget that the file holds.
  static func cut(_ budget: Budget, of file: ModelFile) throws(BSTKError) -> Cut {
    try file.requireUsable()
    return try file.cut(within: budget)
  }
}
