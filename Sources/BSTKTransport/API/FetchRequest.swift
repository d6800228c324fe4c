public import BSTKFormat

/// What to fetch, from where, into which file.
public struct FetchRequest: Sendable {
  /// Addresses of one file, `http`, `https` or `file`. The first that answers says which file it is,
  /// asked in this order; the others are mirrors and serve once their header proves to be the same.
  /// A fragment `#root=<hex digest>` pins the root digest, so that no mirror has a say.
  public var sources: [String]
  /// The file to make or to grow.
  public var output: String
  /// How much of it is wanted.
  public var budget: Budget
  /// How to talk to servers.
  public var options: FetchOptions

  /// Makes a request.
  public init(
    sources: [String], output: String, budget: Budget = .unlimited,
    options: FetchOptions = FetchOptions()
  ) {
    self.sources = sources
    self.output = output
    self.budget = budget
    self.options = options
  }
}
