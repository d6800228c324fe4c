internal import BSTKCodec
public import BSTKFormat
internal import BSTKStore
internal import Dispatch

/// A chunk that has arrived and matches its hash.
public struct VerifiedBlock: Sendable {
  /// The chunk's number; all chunks before it are verified too.
  public let index: Int
  /// The model's manifest.
  public let manifest: Manifest
  /// The bytes of the prefix that ends with this chunk.
  public var prefixByteCount: UInt64 { manifest.chunkEnd(index) }
  let output: String
  /// The stored bytes, where they came over the network just now and there was room to keep them.
  let kept: [UInt8]?

  /// The chunk's stored bytes.
  ///
  /// What has just arrived is at hand. What an earlier run left, or what arrived faster than the
  /// loop went, is read on a thread of its own and checked against the hash again.
  ///
  /// - Throws: `IO`, or `CHUNK_HASH` when somebody changed the file meanwhile.
  public func storedBytes() async throws -> [UInt8] {
    if let kept { return kept }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async {
        continuation.resume(with: Result { try storedBytes(ofChunk: index) })
      }
    }
  }

  /// The stored bytes of a chunk up to this one, read from the disk and checked again.
  ///
  /// It is in the partial file until the fetch ends, afterwards in the output, and in an output
  /// that is being grown from the start.
  package func storedBytes(ofChunk index: Int) throws(BSTKError) -> [UInt8] {
    var fault = BSTKError(.io, "\(output) has gone")
    for path in [output, OutputPlan.partialPath(of: output), output] {
      do throws(BSTKError) {
        let bytes = try OutputFile(path, .read).bytes(
          at: Int(manifest.chunkOffset(index)), count: manifest.chunks[index].storedByteCount)
        try manifest.verify(bytes.span, chunk: index)
        return bytes
      } catch {
        fault = error
      }
    }
    throw fault
  }
}
