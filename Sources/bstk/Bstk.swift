import ArgumentParser

/// The `bstk` command.
@main
struct Bstk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bstk",
    abstract: "Compressed language models, downloadable by the megabyte.")
}
