public import BSTKFormat
internal import BSTKNumerics

/// How the elements of a tensor in a GGUF file are stored, by the file's numbers.
///
/// Source: ggml's `enum ggml_type`. Types that bstk does not read are known by name alone.
public enum GGUFElementType: UInt32, Hashable, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case bf16 = 30

  /// The name llama.cpp gives the type.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    }
  }

  /// The names of types that are not read.
  static let otherNames: [UInt32: String] = [
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16",
    26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    40: "NVFP4",
  ]

  /// The two ways in which elements are laid out.
  private enum Storage {
    case plain(ElementType)
    case blocks(GGUFBlocks.Kind)
  }

  private var storage: Storage {
    switch self {
    case .f32: .plain(.f32)
    case .f16: .plain(.f16)
    case .bf16: .plain(.bf16)
    case .q4_0: .blocks(.q4_0)
    case .q4_1: .blocks(.q4_1)
    case .q5_0: .blocks(.q5_0)
    case .q5_1: .blocks(.q5_1)
    case .q8_0: .blocks(.q8_0)
    case .q4_K: .blocks(.q4_K)
    case .q5_K: .blocks(.q5_K)
    case .q6_K: .blocks(.q6_K)
    }
  }

  /// The type as plain elements, or nil where elements come in blocks with scales.
  var plain: ElementType? { if case .plain(let type) = storage { type } else { nil } }

  /// What decodes the type's blocks, or nil for plain elements.
  var blocks: GGUFBlocks.Kind? { if case .blocks(let kind) = storage { kind } else { nil } }

  /// The type a tensor has once it is decoded: its own, or fp16, which is the precision of the
  /// blocks' scales, where elements are quantized.
  public var decoded: ElementType { plain ?? .f16 }

  /// Elements of a block; 1 for plain elements.
  public var blockElementCount: Int {
    switch storage {
    case .plain: 1
    case .blocks(let kind): kind.elementCount
    }
  }

  /// Bytes of a block.
  public var blockByteCount: Int {
    switch storage {
    case .plain(let type): type.byteCount
    case .blocks(let kind): kind.byteCount
    }
  }
}
