/// What keeps bytes from being a frame of the Spec's profile.
enum ZstdFrameFault: Error, Hashable {
  /// The bytes do not begin like a frame.
  case noFrame
  /// The frame goes on where the bytes end.
  case cut
  /// The bytes go on where the frame ends.
  case followed
  /// A bit of the header is set that has no meaning.
  case reservedBit
  /// The frame has a window of its own instead of being a single segment.
  case window
  /// The frame asks for a dictionary.
  case dictionary
  /// The frame states another content size than the index implies.
  case contentSize
  /// A block is larger than blocks may be.
  case blockSize
  /// A block is of the reserved type.
  case reservedBlock
  /// A block has more literals than it may regenerate bytes.
  case literalsSize
  /// A block ends before its sequences.
  case noSequences
  /// A block without sequences goes on behind them.
  case sequencesFollowed
  /// A block states in two bytes that it has no sequences, which libraries take for different things.
  case longZero
  /// A bit of the sequences' compression modes is set that has no meaning.
  case reservedModes

  /// The fault in words.
  var message: String {
    switch self {
    case .noFrame: "the chunk does not begin with a zstd frame"
    case .cut: "the zstd frame is cut"
    case .followed: "bytes follow the zstd frame"
    case .reservedBit: "a reserved bit of the zstd frame is set"
    case .window: "the zstd frame is not a single segment"
    case .dictionary: "the zstd frame asks for a dictionary"
    case .contentSize: "the zstd frame does not state the length that the index implies"
    case .blockSize: "a zstd block is larger than RFC 8878 allows"
    case .reservedBlock: "a zstd block is of the reserved type"
    case .literalsSize: "a zstd block has more literals than RFC 8878 allows"
    case .noSequences: "a zstd block has no sequences section"
    case .sequencesFollowed: "bytes follow a zstd block without sequences"
    case .longZero: "a zstd block states in two bytes that it has no sequences"
    case .reservedModes: "a reserved bit of a zstd block's compression modes is set"
    }
  }
}
