@testable import BSTKCodec
@testable import BSTKFormat

// Bytes of a file: header, index and what follows. The two hashes that stand before the parser are
// put right first, or no mutation would ever pass them.

/// Called by libFuzzer with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContainer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer's buffer of `count` bytes, copied at once.
  var bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard bytes.count >= Limits.headerByteCount else { return 0 }
  let checksum = CRC32C.checksum(bytes.span.extracting(first: Limits.headerByteCount - 4))
  for index in 0..<4 {
    bytes[Limits.headerByteCount - 4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
  }
  try? open(bytes)
  return 0
}

private func open(_ bytes: [UInt8]) throws(BSTKError) {
  let header = try Header(parsing: bytes.span)
  precondition(Array(bytes.prefix(Limits.headerByteCount)) == header.serialized())
  guard let end = Int(exactly: header.indexEnd), end <= bytes.count else { return }
  let manifest = try Manifest(
    header: header, parsingIndex: bytes.span.extracting(Limits.headerByteCount..<end))
  // What is understood of it can be written, and is then read as the same. (An extension that this
  // release does not know is not written again.)
  let known = try Manifest(
    matrices: manifest.matrices, objects: manifest.objects, chunks: manifest.chunks,
    extensions: manifest.extensions
  ).serialized()
  let again = try Manifest(opening: known.span)
  precondition(again.serialized() == known)
  precondition(manifest.matrixTensors.flatMap(\.parts) == Array(manifest.matrices.indices))
  for tensor in manifest.matrixTensors {
    precondition(tensor.rows == tensor.parts.reduce(0) { $0 + manifest.matrices[$1].rows })
  }
  for count in [0, end, bytes.count, Int.max / 3] {
    _ = manifest.state(ofByteCount: UInt64(count))
    if let cut = try? manifest.cut(within: Budget(fileByteCount: UInt64(count))) {
      precondition(cut.fileByteCount <= UInt64(count))
    }
  }
  let chunks = Chunks(bytes: bytes, manifest: manifest, decoder: try ChunkDecoder())
  for index in manifest.chunks.indices.prefix(8) {
    // One damaged chunk says nothing about the next.
    _ = try? chunks.payload(index)
  }
}

/// The chunks that are whole and small, decoded whatever their hashes say.
private struct Chunks: ~Copyable {
  let bytes: [UInt8]
  let manifest: Manifest
  let decoder: ChunkDecoder

  func payload(_ index: Int) throws(BSTKError) -> [UInt8]? {
    guard let start = Int(exactly: manifest.chunkOffset(index)),
      let end = Int(exactly: manifest.chunkEnd(index)), start <= end, end <= bytes.count,
      manifest.payloadByteCount(ofChunk: index) <= 1 << 20
    else { return nil }
    var firstPlane: [UInt8]?
    if let first = manifest.firstPlaneChunk(ofChunk: index) {
      precondition(first < index)
      firstPlane = try payload(first)
      if firstPlane == nil { return nil }
    }
    let payload = try decoder.decode(
      bytes.span.extracting(start..<end), chunk: index, of: manifest,
      firstPlane: firstPlane?.span, isVerified: true)
    precondition(payload.count == manifest.payloadByteCount(ofChunk: index))
    if case .firstPlane(let layout) = manifest.layout(ofChunk: index) {
      // A list that is understood is written the same.
      let list = SparseList(in: payload.span, layout)
      precondition(
        list.bytes == Array(payload[layout.gaps.lowerBound..<layout.excess.upperBound]))
    }
    return payload
  }
}
