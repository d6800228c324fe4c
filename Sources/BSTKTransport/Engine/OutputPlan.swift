import BSTKFormat
import BSTKStore

/// The files of one fetch.
///
/// Without an output, bytes land in `OUTPUT.part` at their final places and the file is renamed
/// when it is whole. An output that exists is a valid, smaller model, and stays one: the missing
/// bytes still land in `OUTPUT.part` (at their final places; what the output has is a hole there),
/// and are copied over only once all are verified, in file order, behind the verified end. A kill
/// at any moment leaves the old prefix followed by verified bytes, which readers of the format
/// ignore until a chunk is whole; and since the file stays the same file, a reader that has it
/// open is not disturbed.
struct OutputPlan {
  let map: ChunkMap
  /// The existing output, or nil when a new one is made.
  let output: String?
  /// The partial file; nil when nothing is missing.
  let partial: OutputFile?
  /// What was here at the start.
  let local: LocalState

  static func partialPath(of output: String) -> String { output + ".part" }
  /// Where the verified prefix is gathered when the partial file has to stay.
  static func prefixPath(of output: String) -> String { output + ".part.prefix" }
  static func journalPath(of output: String) -> String { output + ".part.journal" }
}
