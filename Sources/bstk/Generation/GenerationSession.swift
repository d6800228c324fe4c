internal import BSTKInference
internal import BSTKFormat
internal import BSTKStore
internal import BSTKStreaming
internal import Dispatch

/// A model in memory and the person in front of it.
struct GenerationSession: ~Copyable {
  private var model: ResizableModel
  private let generator: Generator
  private let maximumTokens: Int
  private var keeper: SizeKeeper
  /// When the user began to wait for the first token; nil once it is there.
  private var start: ContinuousClock.Instant?
  /// The time to the first token, until it is told.
  private var firstToken: String?
  /// Whether it has been said how the fetch ended.
  private var hasToldEnd = false

  /// How often memory and the fetch are looked at while nothing is being written.
  private static let idleMilliseconds: Int32 = 250

  /// - Parameter start: When the user began to wait, where the time to the first token is told.
  init(
    model: consuming ResizableModel, keeper: consuming SizeKeeper, generator: Generator,
    maximumTokens: Int, start: ContinuousClock.Instant?
  ) {
    self.model = model
    self.keeper = keeper
    self.generator = generator
    self.maximumTokens = maximumTokens
    self.start = start
  }

  /// Prints the prompt and what the model makes of it, as it comes; Ctrl-C ends the text.
  mutating func answer(_ prompt: String) throws {
    Console.write(prompt, to: .output)
    let reason = try write(prompt) { Console.write(Self.printable($0), to: .output) }.reason
    Console.out()
    if let firstToken { Console.say(firstToken) }
    firstToken = nil
    if reason == .brokenModel {
      Console.say("the model gives no numbers at this size; /budget buys more")
    }
  }

  /// What the model makes of a prompt, with the time that took.
  ///
  /// - Parameter start: When the program began to open the model.
  mutating func report(
    on prompt: String, start: ContinuousClock.Instant, _ need: MemoryNeed
  ) throws -> AnswerReport {
    let loaded = ContinuousClock.now
    var text = ""
    var first: ContinuousClock.Instant?
    let summary = try write(prompt) { piece in
      if first == nil { first = .now }
      text += piece
    }
    let end = ContinuousClock.now
    return AnswerReport(
      text: text, promptTokens: summary.promptTokenCount, tokens: summary.tokens.count,
      reason: summary.reason.name, loadSeconds: (loaded - start) / .seconds(1),
      promptSeconds: ((first ?? end) - loaded) / .seconds(1),
      seconds: (end - (first ?? end)) / .seconds(1), weightBytes: need.weightByteCount,
      cacheBytes: need.cacheByteCount, fileBytes: model.cut.fileByteCount)
  }

  /// Lends the pieces of a text as they come, often empty ones; the model follows memory and fetch
  /// between them.
  private mutating func write(
    _ prompt: String, _ receive: (String) -> Void
  ) throws -> Generator.Summary {
    let cancellation = Cancellation()
    var text = try generator.begin(
      prompt, maximumTokens: maximumTokens, configuration: model.resident.configuration)
    keeper.expect(cacheByteCount: text.cacheByteCount)
    // What has arrived meanwhile can wait until the first token is there.
    if start == nil { try keeper.tend(&model) }
    while let piece = try text.next(with: model.resident) {
      if let start { firstToken = firstTokenText(since: start) }
      start = nil
      receive(piece)
      if cancellation.isRequested {
        text.stop()
      } else {
        try keeper.tend(&model, isMidLine: true)
      }
    }
    return text.summary
  }

  private func firstTokenText(since start: ContinuousClock.Instant) -> String {
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let arrived = keeper.published?.arrivedText(model.manifest) ?? ""
    return "first token after \(ByteFormat.fixed(elapsed, decimals: 2)) s, "
      + "when \(arrived) had arrived"
  }

  /// A model's tokens without what would command the terminal.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
        }))
  }

  // MARK: Conversation

  /// Reads prompts and commands until the end of the input or `/quit`. Where nothing is being written,
  /// Ctrl-C ends the program.
  mutating func converse() throws {
    try keeper.tend(&model)
    if !tellEnd() { describe() }
    var lines = LineReader()
    while true {
      tellEnd()
      invite()
      guard let line = try nextLine(&lines) else { return }
      if line == "/quit" { return }
      if line.hasPrefix("/") {
        try obey(line)
      } else if !line.isEmpty {
        try answer(line)
      }
    }
  }

  /// Waits for a line; the model follows memory and fetch meanwhile.
  private mutating func nextLine(_ lines: inout LineReader) throws -> String? {
    let token = keeper.published.map { published in
      Interruption.listen { number in
        published.removeFolder()
        Interruption.endProcess(by: number)
      }
    }
    defer { withExtendedLifetime(token) {} }
    let isBusy = keeper.isBusy(model)
    return try lines.next(
      every: isBusy ? Self.idleMilliseconds : nil, orAt: keeper.descriptors
    ) { isUrgent in
      let hasSpoken = try keeper.tend(&model, isUrgent: isUrgent, isMidLine: true)
      if tellEnd(isMidLine: true) || hasSpoken { invite() }
    }
  }

  /// Shows a person that it is their turn.
  private func invite() {
    if Console.Stream.error.isTerminal { Console.write("> ", to: .error) }
  }

  private mutating func obey(_ line: String) throws {
    let words = line.split(separator: " ")
    if line == "/wait" {
      return try wait()
    }
    guard words.count == 2, words[0] == "/budget", let size = ByteSize(String(words[1])) else {
      Console.say(
        "commands: /budget SIZE, such as /budget 1.2 (megabytes); "
          + (keeper.published == nil ? "" : "/wait until all has arrived; ") + "/quit")
      return
    }
    do {
      let cut = try model.manifest.cut(within: Budget(fileByteCount: size.byteCount))
      let changed = try keeper.want(cut, &model)
      Console.say(
        "\(ByteFormat.count(abs(changed), "block")) \(changed < 0 ? "dropped" : "loaded")")
      describe()
    } catch {
      ErrorReport(error).print(asJSON: false)
    }
  }

  /// Waits until the fetch has ended.
  private mutating func wait() throws {
    let cancellation = Cancellation()
    while let published = keeper.published, published.arriving.end == nil,
      !cancellation.isRequested
    {
      // Nobody signals: this only sleeps.
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 0.02)
      try keeper.tend(&model)
    }
    try keeper.tend(&model)
  }

  /// Says once how the fetch ended; false when there is nothing to say.
  @discardableResult
  private mutating func tellEnd(isMidLine: Bool = false) -> Bool {
    guard !hasToldEnd, let end = keeper.published?.arriving.end else { return false }
    hasToldEnd = true
    if isMidLine, Console.Stream.error.isTerminal { Console.say() }
    do {
      try end.get()
      describe()
    } catch {
      ErrorReport(error).print(asJSON: false)
      Console.say("the fetch has ended; the model stays as it is")
    }
    return true
  }

  private func describe() {
    let arrived =
      model.file == nil
      ? (keeper.published?.arrivedText(model.manifest)).map { "\($0) have arrived; " } ?? "" : ""
    Console.say(
      "\(arrived)\(ByteFormat.decimal(model.cut.fileByteCount)),"
        + " \(model.cut.blockCount) of \(model.manifest.blockCount) blocks")
  }
}
