extension BSTKError {
  /// A part of a `.bstk` file.
  public enum Section: Hashable, Sendable, CustomStringConvertible {
    /// The fixed 256 bytes at the start.
    case header
    /// The whole index, where no table is meant in particular.
    case index
    /// The table of matrices.
    case matrixTable
    /// The table of objects.
    case objectTable
    /// The table of chunks.
    case chunkTable
    /// The name pool.
    case namePool
    /// The extension area.
    case extensions
    /// Zero bytes between the index and the chunks, or between two chunks.
    case padding
    /// The stored bytes of the chunk with this number.
    case chunk(Int)
    /// What follows the last whole chunk.
    case tail

    /// The part's name, as messages write it.
    public var description: String {
      switch self {
      case .header: "header"
      case .index: "index"
      case .matrixTable: "matrix table"
      case .objectTable: "object table"
      case .chunkTable: "chunk table"
      case .namePool: "name pool"
      case .extensions: "extensions"
      case .padding: "padding"
      case .chunk(let number): "chunk \(number)"
      case .tail: "tail"
      }
    }
  }
}
