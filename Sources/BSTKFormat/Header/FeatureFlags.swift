/// The three classes of feature flags, after ext4: what a reader does about a bit it does not know
/// depends only on the class.
public struct FeatureFlags: Hashable, Sendable {
  /// An unknown bit here: refuse the file.
  public var incompatible: UInt64
  /// An unknown bit here: read, but do not trim, grow or rewrite.
  public var readOnlyCompatible: UInt64
  /// An unknown bit here: ignore it.
  public var compatible: UInt64

  /// Makes a set of flags; none by default.
  public init(incompatible: UInt64 = 0, readOnlyCompatible: UInt64 = 0, compatible: UInt64 = 0) {
    self.incompatible = incompatible
    self.readOnlyCompatible = readOnlyCompatible
    self.compatible = compatible
  }

  /// Incompatible bit 0: header and index may take up to ``Limits/largeManifestByteCount``.
  public static let largeIndex: UInt64 = 1 << 0

  /// The incompatible bits this reader understands.
  static let knownIncompatible = largeIndex

  /// Whether the file may be trimmed, grown or rewritten by this release.
  public var isWritable: Bool { readOnlyCompatible == 0 }
}
