internal import BSTKInference
internal import BSTKFormat
internal import BSTKStore

/// A model in memory and the person in front of it.
struct GenerationSession: ~Copyable {
  private var model: ResizableModel
  private let generator: Generator
  private let maximumTokens: Int

  init(model: consuming ResizableModel, generator: Generator, maximumTokens: Int) {
    self.model = model
    self.generator = generator
    self.maximumTokens = maximumTokens
  }

  /// Prints the prompt and what the model makes of it, as it comes; Ctrl-C ends the text.
  func answer(_ prompt: String) throws {
    let cancellation = Cancellation()
    Console.write(prompt, to: .output)
    let summary = try generator.generate(
      prompt, maximumTokens: maximumTokens, with: model.resident
    ) { piece in
      Console.write(Self.printable(piece), to: .output)
      return !cancellation.isRequested
    }
    Console.out()
    if summary.reason == .brokenModel {
      Console.say("the model gives no numbers at this size; /budget buys more")
    }
  }

  /// A model's tokens without what would command the terminal.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
        }))
  }

  /// Reads prompts and commands until the end of the input or `/quit`. Where nothing is being written,
  /// Ctrl-C ends the program.
  mutating func converse() throws {
    describe()
    while true {
      if Console.Stream.error.isTerminal { Console.write("> ", to: .error) }
      guard let line = readLine() else { return }
      if line == "/quit" { return }
      if line.hasPrefix("/") {
        obey(line)
      } else if !line.isEmpty {
        try answer(line)
      }
    }
  }

  private mutating func obey(_ line: String) {
    let words = line.split(separator: " ")
    guard words.count == 2, words[0] == "/budget", let size = ByteSize(String(words[1])) else {
      Console.say("commands: /budget SIZE, such as /budget 1.2 (megabytes); /quit")
      return
    }
    do {
      guard let file = model.file else { return }
      let cut = try Generate.cut(Budget(fileByteCount: size.byteCount), of: file)
      let before = model.cut.blockCount
      let changed = try model.resize(to: cut)
      Console.say(
        "\(ByteFormat.count(changed, "block")) \(cut.blockCount < before ? "dropped" : "loaded")")
      describe()
    } catch {
      ErrorReport(error).print(asJSON: false)
    }
  }

  private func describe() {
    Console.say(
      "\(ByteFormat.decimal(model.cut.fileByteCount)),"
        + " \(model.cut.blockCount) of \(model.manifest.blockCount) blocks")
  }
}
