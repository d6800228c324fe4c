/// How far a compression has come. Events are in order; their counts never go back.
public struct CompressionProgress: Hashable, Sendable {
  /// What is being done.
  public enum Phase: String, Hashable, Sendable {
    /// Tensors that are stored as they are.
    case tensors
    /// Matrices that are decomposed.
    case matrices
    /// Sorting the blocks and writing the file.
    case assembling
  }

  /// What is being done.
  public let phase: Phase
  /// The tensor at hand; empty while the file is assembled.
  public let name: String
  /// Its number among the phase's tensors, from 0; of the file's chunks while it is assembled.
  public let index: Int
  /// The phase's tensors, or the file's chunks.
  public let count: Int
  /// Levels of the matrix that are done; 0 for other tensors.
  public let levelCount: Int
  /// Bytes of the source's tensors that are done.
  public let doneByteCount: Int
  /// Bytes of all of the source's tensors.
  public let totalByteCount: Int
  /// Time since the start.
  public let elapsed: Duration
}
