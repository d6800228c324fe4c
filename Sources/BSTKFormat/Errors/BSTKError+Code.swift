extension BSTKError {
  /// A stable error code. Codes are never renamed or given another meaning; new ones may be added,
  /// so a `switch` over codes needs a default.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The code as the Spec writes it, such as `CHUNK_HASH`.
    public let rawValue: String

    /// Makes a code from its written form.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The code as the Spec writes it.
    public var description: String { rawValue }
  }
}

extension BSTKError.Code {
  private init(_ text: String) { self.init(rawValue: text) }

  // MARK: Codes of the format (Spec section "Error codes")

  /// The file ends before its base does; no runnable model is in it.
  public static let tooShort = Self("TOO_SHORT")
  /// Bytes follow the last chunk.
  public static let overlong = Self("OVERLONG")
  /// The first eight bytes are not the signature of a `.bstk` file.
  public static let magic = Self("MAGIC")
  /// The header's checksum does not match.
  public static let headerChecksum = Self("HEADER_CRC")
  /// The major version is not one this reader knows.
  public static let version = Self("VERSION")
  /// A feature flag is set that this reader must understand and does not.
  public static let flag = Self("FLAG")
  /// A byte that must be zero is not.
  public static let reserved = Self("RESERVED")
  /// A value is above the Spec's limit for it.
  public static let limit = Self("LIMIT")
  /// The tables of the index contradict their counts or each other.
  public static let table = Self("TABLE")
  /// Lengths and positions in the header contradict the index.
  public static let layout = Self("LAYOUT")
  /// The SHA-256 of the index does not match the header.
  public static let indexHash = Self("INDEX_HASH")
  /// A name is malformed, out of order or used twice.
  public static let name = Self("NAME")
  /// A shape, rank or element count is impossible.
  public static let shape = Self("SHAPE")
  /// A kind, type or codec number is not in the registry.
  public static let unknownKind = Self("UNKNOWN_KIND")
  /// Blocks of a matrix do not come in ascending levels, or a level is missing or repeated.
  public static let order = Self("ORDER")
  /// A chunk's stored length is impossible for its contents.
  public static let chunkLength = Self("CHUNK_LENGTH")
  /// The SHA-256 of a chunk's stored bytes does not match the index.
  public static let chunkHash = Self("CHUNK_HASH")
  /// A compressed chunk cannot be decoded to exactly its derived length.
  public static let codec = Self("CODEC")
  /// A compressed chunk expands by more than the Spec allows.
  public static let ratio = Self("RATIO")
  /// Padding between sections is not zero.
  public static let padding = Self("PADDING")
  /// A stored number is not finite.
  public static let float = Self("FLOAT")
  /// An extension of the index is malformed.
  public static let extensionData = Self("EXTENSION")
  /// The root digest is not the one that was asked for.
  public static let rootDigest = Self("ROOT_DIGEST")

  // MARK: Codes of the tools

  /// A budget is below the smallest usable prefix.
  public static let budget = Self("BUDGET_TOO_SMALL")
  /// The operating system refused or failed an operation on a file.
  public static let io = Self("IO")
  /// The output exists and would be overwritten, or may not be written to.
  public static let exists = Self("EXISTS")
  /// Another process holds the file.
  public static let busy = Self("BUSY")
  /// The operation was cancelled.
  public static let cancelled = Self("CANCELLED")
  /// Something failed that has no code of its own, such as a lack of memory.
  public static let failure = Self("FAILURE")
  /// A numeric routine failed on valid input.
  public static let numerics = Self("NUMERICS")
  /// A model folder or a file in it cannot be used.
  public static let model = Self("MODEL")
  /// The model's architecture is not supported.
  public static let modelUnsupported = Self("MODEL_UNSUPPORTED")
  /// A safetensors file is malformed.
  public static let safetensors = Self("SAFETENSORS")
  /// A GGUF file is malformed.
  public static let gguf = Self("GGUF")
  /// A tokenizer file is malformed or uses an unsupported scheme.
  public static let tokenizer = Self("TOKENIZER")

  /// What to do when nothing more specific is known.
  var defaultRemedy: String? {
    switch self {
    case .magic: "check that this is a .bstk file and not a web page or another format"
    case .version, .flag, .unknownKind, .extensionData: "use a newer release of bstk"
    case .tooShort: "run `bstk fetch` again to complete the file"
    case .headerChecksum, .indexHash, .reserved, .padding: "download the file again"
    case .chunkHash, .codec, .ratio: "run `bstk fetch` again; it replaces damaged chunks"
    case .overlong: "something was appended to the file; `bstk trim` removes it"
    default: nil
    }
  }
}
