internal import BSTKFormat
internal import BSTKModelFiles

/// The tokens of a BPE model by id, as they are written in the file.
struct Vocabulary {
  let idsByContent: [[UInt8]: TokenID]

  init(idsByContent: [[UInt8]: TokenID]) { self.idsByContent = idsByContent }

  init(_ json: JSONValue) throws(BSTKError) {
    let type = json["type"]?.stringValue ?? "BPE"
    guard type == "BPE" else { throw TokenizerFile.unsupported("model", json) }
    guard let members = json["vocab"]?.objectValue, !members.isEmpty else {
      throw TokenizerFile.fault("the model has no vocabulary")
    }
    var ids: [[UInt8]: TokenID] = [:]
    ids.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.integerValue, id >= 0, id < TokenizerFile.maximumID else {
        throw TokenizerFile.fault("the id of \(member.name.prefix(100)) is out of range")
      }
      ids[Array(member.name.utf8)] = TokenID(id)
    }
    idsByContent = ids
  }

  /// The id of a token that must be there.
  func id(of name: String, role: String) throws(BSTKError) -> TokenID {
    guard let id = idsByContent[Array(name.utf8)] else {
      throw TokenizerFile.fault("\(role) \(name.prefix(100)) is not in the vocabulary")
    }
    return id
  }

  /// Whether some token holds `bytes` after another character, which makes cutting before them
  /// unsafe.
  func hasTokenWithInner(_ bytes: [UInt8]) -> Bool {
    idsByContent.keys.contains { content in
      var position = 0
      while position + bytes.count <= content.count {
        if content[position...].starts(with: bytes) {
          if position > 0, !content[..<position].suffix(bytes.count).elementsEqual(bytes) {
            return true
          }
          position += bytes.count
        } else {
          position += 1
        }
      }
      return false
    }
  }

  /// The encoding the file describes.
  func model(_ json: JSONValue, isByteLevel: Bool) throws(BSTKError) -> BPEModel {
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard json[name]?.stringValue ?? "" == "" else {
        throw TokenizerFile.fault("a model with \(name) is not known")
      }
    }
    guard json["dropout"]?.doubleValue ?? 0 == 0 else {
      throw TokenizerFile.fault("a model with dropout has no fixed tokens")
    }
    let unknown: TokenID? =
      if let name = json["unk_token"]?.stringValue {
        try id(of: name, role: "the unknown token")
      } else {
        nil
      }
    let byteFallback = json["byte_fallback"]?.boolValue ?? false
    return BPEModel(
      alphabet: isByteLevel ? byteAlphabet : scalarAlphabet(byteFallback: byteFallback),
      merges: try merges(json["merges"]),
      wholeWords: json["ignore_merges"]?.boolValue ?? false ? wholeWords(isByteLevel) : nil,
      unknown: unknown, fusesUnknown: json["fuse_unk"]?.boolValue ?? false)
  }

  private var byteAlphabet: BPEModel.Alphabet {
    .bytes(ByteAlphabet.characters.map { idsByContent[Array(String(Character($0)).utf8)] })
  }

  /// The tokens that are one Unicode scalar, by its value.
  var scalars: [UInt32: TokenID] {
    var table: [UInt32: TokenID] = [:]
    for (content, id) in idsByContent where (1...4).contains(content.count) {
      let (value, length) = UTF8Text.scalar(in: content.span, at: 0)
      if length == content.count { table[value] = id }
    }
    return table
  }

  private func scalarAlphabet(byteFallback: Bool) -> BPEModel.Alphabet {
    guard byteFallback else { return .scalars(scalars, byteFallback: nil) }
    let bytes = (0..<256).map { idsByContent[Array(Self.byteToken(UInt8($0)).utf8)] }
    return .scalars(scalars, byteFallback: bytes)
  }

  /// The token that stands for a byte in vocabularies of the SentencePiece kind, `<0x0A>`.
  static func byteToken(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (digits.utf8.count < 2 ? "0" : "") + digits + ">"
  }

  /// The byte a token like `<0x0A>` stands for.
  static func byte(_ token: String) -> UInt8? {
    guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    return UInt8(token.dropFirst(3).dropLast(), radix: 16)
  }

  private func wholeWords(_ isByteLevel: Bool) -> [[UInt8]: TokenID] {
    guard isByteLevel else { return idsByContent }
    var words: [[UInt8]: TokenID] = [:]
    words.reserveCapacity(idsByContent.count)
    for (content, id) in idsByContent {
      if let bytes = ByteAlphabet.bytes(of: String(decoding: content, as: UTF8.self)) {
        words[bytes] = id
      }
    }
    return words
  }

  /// The merges, each `"a b"` or `["a", "b"]`, first ones first.
  private func merges(_ json: JSONValue?) throws(BSTKError) -> MergeTable {
    guard let list = json?.arrayValue, list.count < TokenizerFile.maximumID else {
      throw TokenizerFile.fault("the model has no list of merges, or too long a one")
    }
    var table = MergeTable(capacity: list.count)
    for (rank, entry) in list.enumerated() {
      let halves: [[UInt8]]
      if let text = entry.stringValue {
        halves = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
      } else {
        halves = (entry.arrayValue ?? []).map { Array(($0.stringValue ?? "").utf8) }
      }
      guard halves.count == 2 else { throw TokenizerFile.fault("merge \(rank) is not a pair") }
      guard let left = idsByContent[halves[0]], let right = idsByContent[halves[1]],
        let result = idsByContent[halves[0] + halves[1]]
      else {
        throw TokenizerFile.fault("merge \(rank) names tokens outside the vocabulary")
      }
      table.insert(left, right, .init(rank: UInt32(rank), result: result))
    }
    return table
  }
}
