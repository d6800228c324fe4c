internal import BSTKModelFiles

/// How a `.bstk` file is written as a GGUF file.
public struct GGUFExportOptions: Hashable, Sendable {
  /// The type of the matrices. Norms and biases are fp32 in every file.
  public enum ElementType: String, Hashable, Sendable, CaseIterable {
    case f16, bf16
    /// Eight bits an element and an fp16 scale for each 32.
    case q8_0
    /// Four bits an element; the output head, which llama.cpp keeps better too, has eight.
    case q4_0

    var matrices: GGUFElementType {
      switch self {
      case .f16: .f16
      case .bf16: .bf16
      case .q8_0: .q8_0
      case .q4_0: .q4_0
      }
    }

    /// The type of the output head, and of an embedding that is the head as well.
    var head: GGUFElementType {
      switch self {
      case .f16: .f16
      case .bf16: .bf16
      case .q8_0, .q4_0: .q8_0
      }
    }

    /// llama.cpp's number for files of the type.
    var fileType: UInt32 {
      switch self {
      case .f16: 1
      case .bf16: 32
      case .q8_0: 7
      case .q4_0: 2
      }
    }
  }

  /// The type of the matrices.
  public var elementType = ElementType.f16
  /// What the model is called in the file; nothing when empty.
  public var name = ""
  /// Whether a file that is already there is replaced.
  public var replacesExisting = false

  /// The defaults.
  public init() {}
}
