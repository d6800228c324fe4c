public import BSTKFormat

/// What a check of every hash found.
public struct VerificationReport: Sendable {
  /// The state of the verified part, whose chunks are those before the first bad one; a length that
  /// makes the file unusable stays its state.
  public let state: PrefixState
  /// Leading chunks whose hashes match.
  public let verifiedChunkCount: Int
  /// What is wrong with the file's length, or with the first bad chunk or padding, if anything is.
  public let fault: BSTKError?
  /// Bytes that were hashed.
  public let hashedByteCount: UInt64
}
