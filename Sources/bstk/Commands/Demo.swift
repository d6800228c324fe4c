internal import ArgumentParser
internal import BSTKModelFiles

/// Shows the whole journey.
struct Demo: BstkCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Walk the whole journey on the bundled model: compress, publish, fetch, trim, export.",
    discussion: """
      Everything happens on this machine: the server answers on loopback, and the files lie in \
      a temporary folder that is removed at the end.

      EXAMPLES
        bstk demo
        bstk demo --keep ./demo
        bstk demo --model ./my-model
      """)

  @Option(help: "A model folder instead of the bundled one.", completion: .directory)
  var model: String?

  @Option(help: "Use this folder for the files and keep it.", completion: .directory)
  var keep: String?

  func execute() async throws {
    let source = try model ?? BundledModel.locate()
    let journey = Journey(
      source: source, folder: try HuggingFaceFolder(path: source),
      work: try WorkFolder(keptAt: keep), cancellation: Cancellation(),
      tell: { Console.out($0) })
    let steps = try await journey.walk()
    Console.out()
    JourneyStep.table(steps).print()
    if let keep { Console.say("\nthe files are in \(keep)") }
  }
}
