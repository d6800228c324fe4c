/// The Spec's limits. A reader accepts everything up to a limit and rejects everything above it,
/// so that a file which one reader takes is taken by all.
public enum Limits {
  /// Bytes of the header, in every version 1 file.
  public static let headerByteCount = 256
  /// Chunks begin at multiples of this, counted from the start of the file.
  public static let chunkAlignment = 64
  /// Header and index together, without ``FeatureFlags/largeIndex``: one bounded request opens
  /// any ordinary file.
  public static let manifestByteCount: UInt64 = 1 << 20
  /// Header and index together, with ``FeatureFlags/largeIndex``.
  public static let largeManifestByteCount: UInt64 = 16 << 20
  /// Matrices in a file.
  public static let matrixCount: UInt32 = 1 << 16
  /// Objects in a file.
  public static let objectCount: UInt32 = 1 << 16
  /// Chunks in a file.
  public static let chunkCount: UInt32 = 1 << 18
  /// Bytes of a name.
  public static let nameByteCount: UInt16 = 255
  /// Rows or columns of a matrix.
  public static let matrixDimension: UInt32 = 1 << 20
  /// Levels of a matrix of sign blocks.
  public static let levelCount: UInt16 = 64
  /// Levels of a matrix of nested planes.
  public static let nestedLevelCount: UInt16 = 8
  /// Elements of a matrix of nested planes, so that a position in it is a u32.
  public static let nestedElementCount: UInt64 = 1 << 30
  /// The magnitude of a gain.
  public static let gain: Float = 1024
  /// What the product of the largest magnitudes in a block stays below, so that no sum of levels
  /// can leave the range of binary32.
  public static let magnitude = 0x1p120
  /// Rank of a block's magnitude.
  public static let rank: UInt16 = 1024
  /// Dimensions of a tensor.
  public static let tensorDimensionCount: UInt8 = 4
  /// Decoded bytes of one chunk.
  public static let chunkByteCount: UInt64 = 128 << 20
  /// Decoded bytes at which objects are cut into tiles.
  public static let tileByteCount: UInt64 = 8 << 20
  /// Decoded bytes of one dense tensor.
  public static let tensorByteCount: UInt64 = 1 << 40
  /// Bytes of one auxiliary file.
  public static let auxiliaryByteCount: UInt64 = 64 << 20
  /// Decoded bytes per stored byte of a compressed chunk.
  public static let compressionRatio: UInt64 = 64
  /// Bytes of a file; the largest integer that every JSON reader keeps exactly.
  public static let fileByteCount: UInt64 = 1 << 53
  /// Bytes of the provenance text.
  public static let provenanceByteCount = 4096
  /// Bytes of the label of a quality table.
  public static let labelByteCount = 255
}
