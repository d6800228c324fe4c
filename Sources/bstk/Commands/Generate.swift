internal import ArgumentParser
internal import BSTKFormat
internal import BSTKInference
internal import BSTKStore
internal import BSTKStreaming
internal import BSTKTokenizer

/// Lets a person feel what a size buys.
struct Generate: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue a prompt with a model at a budget.",
    discussion: """
      Greedy unless a temperature is given. With --interactive each line is a prompt, and lines \
      that begin with a slash are commands: /budget 1.2 grows or shrinks the model in memory, \
      /wait waits for a fetch, /quit ends.

      A published file answers as soon as its base is here and gets better while the budget's \
      prefix arrives; the time to the first token is told. When the text is done the fetch ends, \
      unless --interactive or -o wants the rest.

      With --ram auto, or --fit, weights take what the machine, its control groups and the \
      process's limits leave free, less a reserve, the cache and 64 MiB to work in. Between two \
      tokens, and while a conversation waits, the least valuable blocks are dropped when others \
      need memory and taken up again later.

      EXAMPLES
        bstk generate model.bstk "In the beginning" --mb 1.2
        bstk generate model.bstk "My lords," --temperature 0.8 --top-p 0.95 --seed 7
        bstk generate https://example.org/model.bstk "In the beginning" --mb 1.2
        bstk generate model.bstk --interactive --ram auto
        bstk generate model.bstk "In the beginning" --json | jq .seconds
      """)

  @Argument(help: "A .bstk file or its http(s) address.", completion: .file(extensions: ["bstk"]))
  var model: String

  @Argument(help: "The text to continue.")
  var prompt: String?

  @OptionGroup(title: "Budget") var budget: BudgetOptions

  @Option(
    name: .shortAndLong,
    help: "Keep what is fetched in this file, and fetch all that the budget buys.",
    completion: .file(extensions: ["bstk"]))
  var output: String?

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

  @Flag(help: "Write on when the model would end the text.")
  var ignoreEos = false

  @Option(help: "Threads; by default the numeric library decides.")
  var threads: Int?

  @Flag(name: .shortAndLong, help: "Read prompts and commands from standard input.")
  var interactive = false

  @Flag(help: "Print the text with counts, times and memory as one line of JSON.")
  var json = false

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
    if let threads, threads < 1 { throw ValidationError("--threads must be positive.") }
    if json, interactive { throw ValidationError("--json is for one prompt.") }
    if maxTokens < 1 { throw ValidationError("--max-tokens must be at least 1.") }
    if SourceAddress.isAddress(model) {
      try network.validate(for: model)
    } else if output != nil {
      throw ValidationError("-o is for a published file, given by its address.")
    }
    if output?.isEmpty ?? false { throw ValidationError("-o must name a file.") }
  }

  func execute() async throws {
    let bar = StepBar(.automatic)
    defer { bar.finish() }
    if let threads { ResidentModel.threadCount = threads }
    if SourceAddress.isAddress(model) {
      try await runPublished(start: .now, bar)
    } else {
      try runLocal(start: .now, bar)
    }
  }

  // MARK: A file

  private func runLocal(start: ContinuousClock.Instant, _ bar: StepBar) throws {
    let language = try LanguageModel(path: model)
    guard case .file(let file) = language.origin else {
      throw BSTKError(
        .model, "\(model) is a folder", remedy: "compress it first: bstk compress \(model) -o …")
    }
    let generator = generator(try language.tokenizer())
    let wanted = try file.cut(within: budget.sizes)
    let cache = try need(wanted, generator, language.configuration).cacheByteCount
    let cut = try file.cut(within: budget.budgetNow(cacheByteCount: cache))
    let need = try need(cut, generator, language.configuration)
    Console.say(Self.text(need))
    var session = GenerationSession(
      model: try ResizableModel(
        file, configuration: language.configuration, cut: cut,
        progress: { bar.update("loading", $0) }),
      keeper: SizeKeeper(
        wanted: wanted, allowed: cut, published: nil,
        watchingBeside: budget.isAutomatic ? cache : nil),
      generator: generator, maximumTokens: maxTokens, start: nil)
    bar.finish()
    try converse(in: &session, start: start, need)
  }

  // MARK: A published file

  private func runPublished(start: ContinuousClock.Instant, _ bar: StepBar) async throws {
    let published = try PublishedModel(
      model, budget: budget.budgetNow(), output: output, network: network, bar: bar)
    defer { published.removeFolder() }
    let base = try await published.base()
    bar.finish()
    let manifest = base.model.manifest
    let wanted = try published.cut(of: manifest)
    let generator = generator(base.tokenizer)
    let need = try need(wanted, generator, base.configuration)
    Console.say(Self.text(need))
    var session = GenerationSession(
      model: base.model,
      keeper: SizeKeeper(
        wanted: wanted, allowed: nil, published: published,
        watchingBeside: budget.isAutomatic ? need.cacheByteCount : nil),
      generator: generator, maximumTokens: maxTokens, start: start)
    try converse(in: &session, start: start, need)
    if let output {
      try await published.finish()
      bar.finish()
      Console.say("\(output.printable): \(published.arrivedText(manifest)) have arrived")
    } else {
      // Interactive, it has been told.
      if !interactive, case .failure(let error) = published.arriving.end {
        ErrorReport(error).print(asJSON: false)
      }
      await published.arriving.stop()
      if !interactive {
        Console.say("\(published.arrivedText(manifest)) had arrived when the text was done")
      }
    }
  }

  // MARK: Parts

  private func generator(_ tokenizer: Tokenizer) -> Generator {
    var generator = Generator(
      tokenizer: tokenizer,
      sampling: Sampling(temperature: temperature, topK: topK, topP: topP, seed: seed))
    generator.ignoresEndOfText = ignoreEos
    return generator
  }

  /// - Parameter start: When the program began to open the model.
  private func converse(
    in session: inout GenerationSession, start: ContinuousClock.Instant, _ need: MemoryNeed
  ) throws {
    if let prompt, json {
      try JSONLines.print(try session.report(on: prompt, start: start, need))
    } else if let prompt {
      try session.answer(prompt)
    }
    if interactive { try session.converse() }
  }

  /// What a cut will need: with the cache of the longest text that is known to come, in a
  /// conversation one with a prompt of 256 tokens.
  private func need(
    _ cut: Cut, _ generator: Generator, _ configuration: ModelConfiguration
  ) throws(BSTKError) -> MemoryNeed {
    var promptTokens = interactive ? 256 : 1
    if let prompt {
      let tokens = try generator.tokens(ofPrompt: prompt, configuration: configuration)
      promptTokens = max(promptTokens, tokens.count)
    }
    return MemoryNeed(
      cut, configuration: configuration,
      positions: configuration.cachePositions(
        promptTokens: promptTokens, maximumTokens: maxTokens))
  }

  /// What will be held, for people.
  static func text(_ need: MemoryNeed) -> String {
    "weights \(ByteFormat.decimal(need.weightByteCount)),"
      + " cache \(ByteFormat.decimal(need.cacheByteCount)),"
      + " at most \(ByteFormat.binary(MemoryNeed.otherByteCount)) besides"
  }
}
