/// A published model that answers while it is downloaded.
///
/// ```swift
/// let arriving = ArrivingModel(
///   FetchRequest(sources: ["https://example.org/model.bstk"], output: "model.bstk"))
/// var base = try await arriving.base()
/// var text = try Generator(tokenizer: base.tokenizer).begin(
///   "In the beginning", maximumTokens: 200, configuration: base.configuration)
/// while let piece = try text.next(with: base.model.resident) {
///   print(piece, terminator: "")
///   try arriving.grow(&base.model)
/// }
/// try await arriving.finish()
/// ```
///
/// The base, which is the smallest usable prefix, is put together in memory while its chunks are
/// verified, and every block behind it is added between two tokens: on the connections of one
/// fetch, and from memory, not from the disk.
public enum BSTKStreaming {}
