internal import BSTKFormat

/// What turns normalized text into tokens.
enum TokenizerModel: Sendable {
  /// A byte-pair encoding of words, ours.
  case bytePairs(BPEModel)
  /// libsentencepiece, which normalizes by itself.
  case library(SentencePieceEncoder)

  /// Bytes of text that are encoded at a time, where there is a place to cut it.
  ///
  /// The library adds up a unigram text's scores in single precision: they are still exact enough
  /// for the best pieces at this size, and no longer at a million bytes.
  var chunkSize: Int {
    switch self {
    case .bytePairs: 1 << 20
    case .library: 1 << 16
    }
  }

  /// What an encoding run carries from chunk to chunk.
  struct Workspace: Sendable {
    var bytePairs = BPEModel.Workspace()
    /// Whether the chunk before ended in the unknown piece.
    var followsUnknown = false
  }
}
