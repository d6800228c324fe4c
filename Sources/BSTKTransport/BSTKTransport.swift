/// Fetches the prefix of a published `.bstk` file that a client can afford.
///
/// ```swift
/// let request = FetchRequest(
///   sources: ["https://example.org/model.bstk"], output: "model.bstk",
///   budget: Budget(fileByteCount: 900_000_000))
/// let summary = try await Fetcher().fetch(request) { event in print(event) }
/// ```
///
/// How it works, from the outside in:
///
/// - ``Fetcher`` starts a session on a thread of its own and returns when the output is whole.
/// - One bounded request brings header and index, and already the first chunks. From the index the
///   session knows the exact cut, and asks for nothing behind it.
/// - What is missing is cut into spans, handed to connections in file order inside a bounded
///   window, so that the first prefix is usable long before the last byte.
/// - A response passes the gate (status, range, length, encoding, entity tag) before one byte of it
///   is stored, and a chunk counts only once its SHA-256 matches the index.
/// - Bytes land in `OUTPUT.part`; `OUTPUT.part.journal` remembers which. An existing output is grown
///   only with verified chunks, in order, behind its verified end, so that it is a valid model at
///   every moment, also for a reader that has it open.
///
/// Threads: the session's thread owns every libcurl handle, all scheduling and the writing; one queue
/// hashes what is written, and one flushes. Nothing here runs on the cooperative pool.
public enum BSTKTransport {}
