public import BSTKFormat
public import BSTKStore

internal import BSTKNumerics

/// A GGUF file opened for reading: its metadata, and its tensors decoded on demand.
///
/// Opening reads and checks metadata and table; data are read piece by piece, so memory does not
/// grow with the file. Safe to use from several threads.
public final class GGUFFile: Sendable {
  /// The tensors in the order of the file's table.
  public let tensors: [GGUFTensor]

  let metadata: GGUFMetadata
  private let source: any ByteSource

  /// Bytes decoded at a time, about.
  private static let pieceByteCount = 1 << 18

  /// Opens a file.
  ///
  /// - Throws: `GGUF` with the byte offset when it is malformed, `MODEL_UNSUPPORTED` when it has
  ///   element types, a version or a byte order that bstk does not read, `IO` when it cannot be
  ///   read.
  public convenience init(path: String) throws(BSTKError) {
    let source = try FileSource(path)
    do {
      try self.init(source)
    } catch {
      throw BSTKError(
        error.code, "\(path): \(error.message)", offset: error.offset, remedy: error.remedy)
    }
  }

  /// Reads the header of what is open already.
  public init(_ source: any ByteSource) throws(BSTKError) {
    let header = try GGUFHeader(of: source)
    self.source = source
    metadata = header.metadata
    tensors = header.tensors
  }

  /// The value under a key of the metadata, or nil.
  public func value(_ key: String) -> GGUFValue? { metadata[key] }

  /// Whether a file looks like one: by its first four bytes, or by its name where it has fewer.
  public static func isLikely(_ path: String) -> Bool {
    let signature = Array("GGUF".utf8)
    guard let source = try? FileSource(path), let bytes = try? source.bytes(at: 0, count: 4) else {
      return path.hasSuffix(".gguf") && FileSystem.exists(path) && !FileSystem.isFolder(path)
    }
    return bytes == signature || path.hasSuffix(".gguf")
  }

  /// Fills `buffer` with a tensor's elements as fp32, from element `first` on, row-major.
  ///
  /// The values are those that the gguf package for Python calculates, bit for bit.
  ///
  /// - Precondition: the tensor is one of this file's, and the elements asked for lie inside it.
  /// - Throws: `IO` when the file cannot be read.
  public func readFloats(
    of tensor: GGUFTensor, from first: Int, into buffer: inout MutableSpan<Float>
  ) throws(BSTKError) {
    precondition(
      first >= 0 && first <= tensor.elementCount && buffer.count <= tensor.elementCount - first,
      "elements outside the tensor")
    let unit = tensor.type.blockElementCount
    let piece = max(1, Self.pieceByteCount / tensor.type.blockByteCount)
    var done = 0
    while done < buffer.count {
      let block = (first + done) / unit
      // What is asked for may begin and end inside a block.
      let skipped = (first + done) % unit
      let blockCount = min(piece, (skipped + buffer.count - done + unit - 1) / unit)
      let count = min(blockCount * unit - skipped, buffer.count - done)
      if skipped == 0, count == blockCount * unit {
        var target = buffer._mutatingExtracting(done..<done + count)
        try decode(tensor, from: block, count: blockCount, into: &target)
      } else {
        var whole = [Float](repeating: 0, count: blockCount * unit)
        var target = whole.mutableSpan
        try decode(tensor, from: block, count: blockCount, into: &target)
        for index in 0..<count { buffer[done + index] = whole[skipped + index] }
      }
      done += count
    }
  }

  private func decode(
    _ tensor: GGUFTensor, from block: Int, count: Int, into target: inout MutableSpan<Float>
  ) throws(BSTKError) {
    let width = tensor.type.blockByteCount
    let bytes = try source.bytes(
      at: tensor.fileOffset + UInt64(block * width), count: count * width)
    if let kind = tensor.type.blocks {
      GGUFBlocks.decode(bytes.span, kind: kind, into: &target)
    } else {
      FloatConversion.decode(bytes.span, type: tensor.type.decoded, into: &target, at: 0)
    }
  }
}
