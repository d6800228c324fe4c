internal import CKernels

/// Conversions between fp32 and the blocks of quantized elements that GGUF files hold, with the
/// same bits as the gguf package for Python.
public enum GGUFBlocks {
  /// A type of blocks, by its number in a file.
  public enum Kind: UInt32, Sendable, CaseIterable {
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14

    /// Elements of a block.
    public var elementCount: Int {
      switch self {
      case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
      case .q4_K, .q5_K, .q6_K: 256
      }
    }

    /// Bytes of a block.
    public var byteCount: Int {
      switch self {
      case .q4_0: 18
      case .q4_1: 20
      case .q5_0: 22
      case .q5_1: 24
      case .q8_0: 34
      case .q4_K: 144
      case .q5_K: 176
      case .q6_K: 210
      }
    }
  }

  /// Decodes whole blocks.
  ///
  /// - Precondition: `blocks` and `values` hold equally many whole blocks.
  public static func decode(
    _ blocks: Span<UInt8>, kind: Kind, into values: inout MutableSpan<Float>
  ) {
    let count = blocks.count / kind.byteCount
    precondition(
      blocks.count == count * kind.byteCount && values.count == count * kind.elementCount,
      "sizes must match")
    let isKnown = unsafe blocks.withUnsafeBufferPointer { blocks in
      unsafe values.withUnsafeMutableBufferPointer { values in
        guard let source = blocks.baseAddress, let target = values.baseAddress else {
          return count == 0
        }
        // SAFETY: both hold `count` blocks of this kind.
        return unsafe bstk_gguf_decode(kind.rawValue, source, target, count) != 0
      }
    }
    precondition(isKnown, "the kernels know every kind")
  }

  /// The types that values are encoded as.
  public enum EncodedKind: Sendable {
    /// The largest magnitude of each 32 values becomes 127.
    case q8_0
    /// The value of largest magnitude among each 32 becomes -8.
    case q4_0

    /// The type, as one of those that are decoded.
    public var kind: Kind {
      switch self {
      case .q8_0: .q8_0
      case .q4_0: .q4_0
      }
    }
  }

  /// Encodes finite values.
  ///
  /// - Precondition: `values` holds whole blocks.
  public static func encode(_ values: Span<Float>, as type: EncodedKind) -> [UInt8] {
    let count = values.count / type.kind.elementCount
    precondition(values.count == count * type.kind.elementCount, "whole blocks are encoded")
    var bytes = [UInt8](repeating: 0, count: count * type.kind.byteCount)
    unsafe values.withUnsafeBufferPointer { values in
      unsafe bytes.withUnsafeMutableBufferPointer { bytes in
        guard let source = values.baseAddress, let target = bytes.baseAddress else { return }
        switch type {
        case .q8_0:
          // SAFETY: both hold `count` blocks, here and below.
          unsafe bstk_gguf_encode_q8_0(source, target, count)
        case .q4_0:
          // SAFETY: as above.
          unsafe bstk_gguf_encode_q4_0(source, target, count)
        }
      }
    }
    return bytes
  }
}
