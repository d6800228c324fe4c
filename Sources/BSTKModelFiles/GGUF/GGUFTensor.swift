/// A tensor of a GGUF file, as the file names and lays it out.
public struct GGUFTensor: Hashable, Sendable {
  /// The name in the file, such as `blk.0.attn_q.weight`.
  public let name: String
  /// How elements are stored.
  public let type: GGUFElementType
  /// The dimensions, outermost first: the file's order reversed.
  public let shape: [Int]
  /// The offset of the data, counted from the start of the file.
  public let fileOffset: UInt64

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }
  /// Elements of a row: the innermost dimension.
  public var rowElementCount: Int { shape.last ?? 1 }
  /// Bytes of the data.
  public var byteCount: Int { elementCount / type.blockElementCount * type.blockByteCount }
}
