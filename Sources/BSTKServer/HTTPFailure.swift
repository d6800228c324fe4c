/// A request that is answered with an error, after which its connection is closed.
struct HTTPFailure: Error, Equatable {
  let status: Int
  /// One sentence for whoever reads the body.
  let reason: String
}
