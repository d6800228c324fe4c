internal import BSTKFormat

/// What a SentencePiece `tokenizer.model` says (the project's `sentencepiece_model.proto`), checked
/// so far that libsentencepiece can be trusted with it.
struct SentencePieceModel {
  /// How a text is cut into pieces, by the numbers in the file.
  enum Algorithm: UInt64 {
    case unigram = 1
    case bytePairs, words, characters
  }

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
  private(set) var algorithm = Algorithm.unigram
  private(set) var removesExtraSpaces = true
  private(set) var escapesSpaces = true
  private(set) var characterMap: CharacterMap?
  private(set) var hasSpaceSuffix = false
  private(set) var fallsBackToBytes = false
  /// What the unknown piece becomes in a text.
  private(set) var unknownText = Array(" ⁇ ".utf8)

  /// Longer pieces are refused; trained ones have at most some dozens of bytes.
  private static let maximumPieceByteCount = 1024
  /// libsentencepiece keeps no more matches of user-defined pieces at one position.
  private static let maximumNestedPieces = 64

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
      case 5: try refuseCharacterMap(message)
      default: break
      }
    }
    guard !pieces.isEmpty else { throw Self.fault("has no pieces") }
    try checkNesting()
  }

  /// User-defined pieces that start with each other, sorted, follow each other.
  private func checkNesting() throws(BSTKError) {
    var nested: [[UInt8]] = []
    let defined = pieces.filter { $0.kind == .userDefined }.map(\.text)
    for text in defined.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      while let outer = nested.last, !text.starts(with: outer) { nested.removeLast() }
      nested.append(text)
      guard nested.count <= Self.maximumNestedPieces else {
        throw Self.fault("has too many user-defined pieces that start alike")
      }
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
    guard !piece.text.isEmpty, !piece.text.contains(0), piece.score.isFinite,
      String(validating: piece.text, as: UTF8.self) != nil
    else { throw fault("has a piece without a text or score") }
    guard piece.text.count <= maximumPieceByteCount else { throw fault("has too long a piece") }
    return piece
  }

  private mutating func readTrainer(_ message: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (3, .varint(let number)):
        guard let known = Algorithm(rawValue: number) else {
          throw Self.fault("is of an unknown type, \(number)")
        }
        algorithm = known
      case (24, .varint(let number)): hasSpaceSuffix = number != 0
      case (35, .varint(let number)): fallsBackToBytes = number != 0
      // An id of -1, which the file holds in ten bytes, means there is none.
      case (41, .varint(let number)): beginID = Int(exactly: number)
      case (44, .bytes(let range)): unknownText = [UInt8](copying: message.extracting(range))
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ message: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let range)):
        characterMap = range.isEmpty ? nil : try CharacterMap(message.extracting(range))
      case (3, .varint(let number)): addsDummyPrefix = number != 0
      case (4, .varint(let number)): removesExtraSpaces = number != 0
      case (5, .varint(let number)): escapesSpaces = number != 0
      default: break
      }
    }
  }

  /// Decoding would have to be rewritten as well.
  private func refuseCharacterMap(_ message: Span<UInt8>) throws(BSTKError) {
    var reader = ProtobufReader(message)
    while let (field, value) = try reader.next() {
      if field == 2, case .bytes(let range) = value, !range.isEmpty {
        throw Self.fault("rewrites the text of tokens, which is not known")
      }
    }
  }
}
