internal import BSTKFormat

/// What a SentencePiece `tokenizer.model` says, as far as byte-pair encoding needs it (the
/// project's `sentencepiece_model.proto`).
struct SentencePieceModel {
  /// The kinds of pieces, by their numbers in the file.
  enum Kind: UInt64 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// One entry of the vocabulary; its place is its id.
  struct Piece {
    var text: [UInt8] = []
    var score: Float = 0
    var kind = Kind.normal
  }

  private(set) var pieces: [Piece] = []
  private(set) var addsDummyPrefix = true
  private(set) var beginID: Int? = 1
  private var modelType: UInt64 = 1
  private var removesExtraSpaces = true
  private var escapesSpaces = true
  private var hasCharacterMap = false
  private var hasSpaceSuffix = false
  private(set) var fallsBackToBytes = false

  init(_ bytes: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let range) = value else { continue }
      let message = bytes.extracting(range)
      switch field {
      case 1:
        guard pieces.count < TokenizerFile.maximumID else {
          throw Self.fault("has too many pieces")
        }
        pieces.append(try Self.piece(message))
      case 2: try readTrainer(message)
      case 3: try readNormalizer(message)
      default: break
      }
    }
    guard !pieces.isEmpty else { throw Self.fault("has no pieces") }
    guard modelType == 2 else { throw Self.fault("is not a byte-pair encoding") }
    guard !hasCharacterMap, !removesExtraSpaces, escapesSpaces, !hasSpaceSuffix else {
      throw Self.fault("normalizes text in a way that is not known")
    }
  }

  static func fault(_ message: String) -> BSTKError {
    BSTKError(
      .tokenizer, "the SentencePiece model \(message)",
      remedy: "give the model's tokenizer.json, or token ids from a file")
  }

  private static func piece(_ message: Span<UInt8>) throws(BSTKError) -> Piece {
    var piece = Piece()
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let range)): piece.text = [UInt8](copying: message.extracting(range))
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let number)):
        guard let kind = Kind(rawValue: number) else { throw fault("has a piece of unknown kind") }
        piece.kind = kind
      default: break
      }
    }
    guard !piece.text.isEmpty, String(validating: piece.text, as: UTF8.self) != nil,
      piece.score.isFinite
    else { throw fault("has a piece without a text or score") }
    return piece
  }

  private mutating func readTrainer(_ message: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      guard case .varint(let number) = value else { continue }
      switch field {
      case 3: modelType = number
      case 24: hasSpaceSuffix = number != 0
      case 35: fallsBackToBytes = number != 0
      // An id of -1, which the file holds in ten bytes, means there is none.
      case 41: beginID = Int(exactly: number)
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ message: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let range)): hasCharacterMap = !range.isEmpty
      case (3, .varint(let number)): addsDummyPrefix = number != 0
      case (4, .varint(let number)): removesExtraSpaces = number != 0
      case (5, .varint(let number)): escapesSpaces = number != 0
      default: break
      }
    }
  }
}
