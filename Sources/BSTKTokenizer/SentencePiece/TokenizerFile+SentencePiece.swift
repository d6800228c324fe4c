public import BSTKFormat

extension Tokenizer {
  /// Reads the bytes of a SentencePiece `tokenizer.model`.
  ///
  /// Encodes with libsentencepiece where bstk was built with it. Elsewhere only byte-pair encodings
  /// without text normalization can be used, as those of Llama 2 and Mistral are; ids are the same.
  /// Control pieces such as `<s>` are not recognised in a text, user-defined pieces are.
  ///
  /// - Throws: `BSTKError` with code `TOKENIZER` when the file is malformed, above 128 MiB, or of a
  ///   kind that needs the library.
  public init(sentencePiece bytes: Span<UInt8>) throws(BSTKError) {
    try self.init(sentencePiece: bytes, usingLibrary: SentencePieceLibrary.isAvailable)
  }

  /// Reads a model for the library or for our own byte-pair encoding.
  init(sentencePiece bytes: Span<UInt8>, usingLibrary: Bool) throws(BSTKError) {
    guard bytes.count <= 128 << 20 else {
      throw SentencePieceModel.fault("has more than 128 MiB")
    }
    let model = try SentencePieceModel(bytes)
    if !usingLibrary { try model.requireBytePairs() }
    let library = usingLibrary ? try SentencePieceLibrary(checked: bytes) : nil
    self.init(file: try TokenizerFile(model, library: library))
  }
}

extension SentencePieceModel {
  /// - Throws: `TOKENIZER` when our own byte-pair encoding does not do as the model says.
  fileprivate func requireBytePairs() throws(BSTKError) {
    let isPlain =
      characterMap == nil && !removesExtraSpaces && escapesSpaces && !hasSpaceSuffix
    guard algorithm == .bytePairs, isPlain else {
      let what = algorithm == .bytePairs ? "normalizes text" : "is of the type \(algorithm)"
      throw BSTKError(
        .tokenizer, "the SentencePiece model \(what), which needs libsentencepiece",
        remedy: "install libsentencepiece with its header and build bstk again, or give token "
          + "ids from a file")
    }
  }

  /// Whether a chunk that starts with a space encodes as it does behind the text before it.
  fileprivate var canBeCut: Bool {
    // Without a space of its own before every text, the library would lose the chunk's.
    let keepsSpace = !removesExtraSpaces || addsDummyPrefix
    return escapesSpaces && !hasSpaceSuffix && keepsSpace && characterMap?.hasInnerSpace != true
  }
}

extension TokenizerFile {
  private static let space = Array("▁".utf8)

  init(_ source: SentencePieceModel, library: SentencePieceLibrary?) throws(BSTKError) {
    var ids: [[UInt8]: TokenID] = [:]
    var byteIDs = [TokenID?](repeating: nil, count: 256)
    var unknown: TokenID?
    var special: Set<TokenID> = []
    var contents: [[UInt8]?] = []
    var userDefined = AddedTokens()
    for (index, piece) in source.pieces.enumerated() {
      let id = TokenID(index)
      var text = Normalizer.replace(Self.space, by: [0x20], in: piece.text)
      switch piece.kind {
      case .normal, .unused: ids[piece.text] = id
      case .unknown:
        unknown = id
        text = source.unknownText
      case .control:
        special.insert(id)
      case .userDefined:
        userDefined.insert(
          AddedTokens.Token(
            id: id, content: String(decoding: piece.text, as: UTF8.self), isSpecial: false,
            isNormalized: true, stripsLeft: false, stripsRight: false, isSingleWord: false),
          as: piece.text)
      case .byte:
        guard let byte = Vocabulary.byte(String(decoding: piece.text, as: UTF8.self)) else {
          throw SentencePieceModel.fault("has a byte piece that names no byte")
        }
        byteIDs[Int(byte)] = id
        text = [byte]
      }
      contents.append(text)
    }
    guard let unknown else { throw SentencePieceModel.fault("has no unknown piece") }
    if let begin = source.beginID, begin >= source.pieces.count {
      throw SentencePieceModel.fault("begins texts with a piece it does not have")
    }

    let vocabulary = Vocabulary(idsByContent: ids)
    template = (source.beginID.map { [TokenID($0)] } ?? [], [])
    decoder = TokenDecoder(
      bytes: contents, special: special,
      strippedPrefix: source.addsDummyPrefix || source.removesExtraSpaces ? [0x20] : [],
      stripsRepeatedly: source.removesExtraSpaces, unstripped: unknown)
    let isCuttable =
      source.canBeCut && !vocabulary.hasTokenWithInner(Self.space) && userDefined.isEmpty
    boundaries = StreamBoundaries(areKnown: isCuttable, needSpace: true)
    if let library {
      model = .library(
        SentencePieceEncoder(
          library: library, unknown: unknown,
          repeatsFirstSpace: source.addsDummyPrefix && !source.removesExtraSpaces))
    } else {
      normalizer.steps =
        (source.addsDummyPrefix ? [.prepend(Self.space)] : []) + [.replace([0x20], by: Self.space)]
      model = .bytePairs(
        BPEModel(
          alphabet: .scalars(
            vocabulary.scalars, byteFallback: source.fallsBackToBytes ? byteIDs : nil),
          merges: try Self.merges(source.pieces, ids), wholeWords: nil, unknown: unknown,
          fusesUnknown: true))
      normalizedAddedTokens = userDefined
      if isCuttable { preTokenizer.stages = [.beforeRuns(of: Self.space)] }
    }
    idsByContent = ids
    for (index, piece) in source.pieces.enumerated() { idsByContent[piece.text] = TokenID(index) }
  }

  /// Every way a piece falls into two pieces, the best scores first.
  private static func merges(
    _ pieces: [SentencePieceModel.Piece], _ ids: [[UInt8]: TokenID]
  ) throws(BSTKError) -> MergeTable {
    var found: [(left: TokenID, right: TokenID, result: TokenID, score: Float)] = []
    for (index, piece) in pieces.enumerated() where piece.kind == .normal {
      for cut in piece.text.indices.dropFirst() where piece.text[cut] & 0xC0 != 0x80 {
        guard let left = ids[Array(piece.text[..<cut])], let right = ids[Array(piece.text[cut...])]
        else { continue }
        found.append((left, right, TokenID(index), piece.score))
      }
    }
    found.sort { $0.score != $1.score ? $0.score > $1.score : $0.result < $1.result }
    var table = MergeTable(capacity: found.count)
    var rank: UInt32 = 0
    for (index, merge) in found.enumerated() {
      // Equal scores are equally good; the leftmost goes first.
      if index > 0, found[index - 1].score != merge.score { rank += 1 }
      table.insert(merge.left, merge.right, .init(rank: rank, result: merge.result))
    }
    return table
  }
}
