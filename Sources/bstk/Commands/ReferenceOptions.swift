internal import ArgumentParser
internal import BSTKCompression
internal import BSTKFormat

/// What only sign blocks have, so only the reference profile of `bstk compress`.
struct ReferenceOptions: ParsableArguments {
  private static let vectorTypes = [VectorType.f16, .bf16, .i8]

  @Option(
    help: "Rank of each block's magnitude, 1 to 1024. (default: \(CompressionOptions().rank))")
  var rank: Int?

  @Option(
    help: "How the magnitude's vectors are stored: fp16, bf16 or int8. (default: fp16)",
    completion: .list(Self.vectorTypes.map(\.name)),
    transform: { text in
      guard let type = Self.vectorTypes.first(where: { $0.name == text }) else {
        throw ValidationError("Vectors are stored as fp16, bf16 or int8.")
      }
      return type
    })
  var vectors: VectorType?

  @Option(help: "Seed of the random start vectors. (default: \(CompressionOptions().seed))")
  var seed: UInt64?

  /// - Throws: a usage error when one of them is given.
  func requireUnused() throws {
    let names = [
      rank.map { _ in "--rank" }, vectors.map { _ in "--vectors" }, seed.map { _ in "--seed" },
    ]
    if let name = names.compactMap(\.self).first {
      throw ValidationError("\(name) belongs to --profile reference.")
    }
  }

  /// The options of the library, with what was given.
  var options: CompressionOptions {
    var options = CompressionOptions()
    options.rank = rank ?? options.rank
    options.vectors = vectors ?? options.vectors
    options.seed = seed ?? options.seed
    return options
  }
}
