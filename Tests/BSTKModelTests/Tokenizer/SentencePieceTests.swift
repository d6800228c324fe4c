import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTokenizer

@Suite struct SentencePieceTests {
  /// Whether libsentencepiece is there; says so where it is not.
  private func hasLibrary() -> Bool {
    if !SentencePieceLibrary.isAvailable { print("skipped: built without libsentencepiece") }
    return SentencePieceLibrary.isAvailable
  }

  /// A field of a protocol-buffers message that holds bytes.
  private func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    var length = content.count
    var bytes = [UInt8(number << 3 | 2)]
    repeat {
      bytes.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
      length >>= 7
    } while length > 0
    return bytes + content
  }

  /// A piece with a score of -1.
  private func piece(_ text: String, kind: UInt8) -> [UInt8] {
    field(1, field(1, Array(text.utf8)) + [2 << 3 | 5, 0, 0, 0x80, 0xBF, 3 << 3, kind])
  }

  /// A unigram model of the letters a and b.
  private var letters: [UInt8] {
    piece("<unk>", kind: 2) + piece("a", kind: 1) + piece("b", kind: 1)
  }

  /// A character map of a trie and replacements.
  private func characterMap(_ units: [UInt32], _ replacements: [UInt8]) -> [UInt8] {
    let words = [UInt32(units.count * 4)] + units
    let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    return field(3, field(2, bytes + replacements))
  }

  // MARK: Equality

  @Test func `the library and our own reader agree on a byte-pair encoding`() throws {
    guard hasLibrary() else { return }
    let (_, cases) = try ReferenceTokenizers.open(ReferenceTokenizers.sentencePiece)
    let bytes = try ReferenceTokenizers.bytes(ReferenceTokenizers.sentencePiece)
    let library = try Tokenizer(sentencePiece: bytes.span, usingLibrary: true)
    let own = try Tokenizer(sentencePiece: bytes.span, usingLibrary: false)
    let long = try String(
      contentsOf: ModelFolders.trained.appending(path: "eval.txt"), encoding: .utf8)
    for text in cases.map(\.text) + [String(long.prefix(30_000))] {
      let ids = try library.encode(text)
      #expect(try own.encode(text) == ids)
      #expect(own.decode(ids) == library.decode(ids))
    }
  }

  @Test func `our own reader encodes and decodes as the library`() throws {
    let (_, cases) = try ReferenceTokenizers.open(ReferenceTokenizers.sentencePiece)
    let bytes = try ReferenceTokenizers.bytes(ReferenceTokenizers.sentencePiece)
    let own = try Tokenizer(sentencePiece: bytes.span, usingLibrary: false)
    for golden in cases {
      #expect(try own.encode(golden.text) == golden.ids, "\(golden.text.debugDescription)")
      #expect(own.decode(golden.ids) == golden.decoded, "\(golden.text.debugDescription)")
    }
  }

  /// In chunks of the size that is always used.
  @Test(arguments: ["bare", "characters", "fallback", "unigram", "words"])
  func `a large text is encoded in chunks to the tokens of the whole`(_ kind: String) throws {
    guard hasLibrary() else { return }
    let bytes = try ReferenceTokenizers.bytes("\(ReferenceTokenizers.sentencePiece)-\(kind)")
    let tokenizer = try Tokenizer(sentencePiece: bytes.span)
    guard case .library(let encoder) = tokenizer.model else {
      Issue.record("the library is not used")
      return
    }
    let text = [UInt8](try Data(contentsOf: ModelFolders.trained.appending(path: "eval.txt")))
    #expect(text.count > 3 * tokenizer.model.chunkSize)
    var stream = TokenStream(tokenizer)
    var tokens: [TokenID] = []
    for start in stride(from: 0, to: text.count, by: 10_000) {
      try stream.append(
        text.span.extracting(start..<min(start + 10_000, text.count)), into: &tokens)
    }
    #expect(!tokens.isEmpty, "nothing came before the end")
    try stream.finish(checkingInto: &tokens)
    #expect(try tokens == encoder.library.encode(text.span))
  }

  // MARK: Refusals

  @Test(arguments: [("characters", "characters"), ("unigram", "unigram"), ("words", "words")])
  func `without the library other types are refused by name`(
    _ kind: String, _ type: String
  ) throws {
    let bytes = try ReferenceTokenizers.bytes("\(ReferenceTokenizers.sentencePiece)-\(kind)")
    let error = #expect(throws: BSTKError.self) {
      try Tokenizer(sentencePiece: bytes.span, usingLibrary: false)
    }
    #expect(error?.code == .tokenizer)
    #expect(error?.message.contains(type) == true)
    #expect(error?.remedy?.contains("install libsentencepiece") == true)
  }

  @Test func `the letters alone work`() throws {
    guard hasLibrary() else { return }
    let tokenizer = try Tokenizer(sentencePiece: letters.span)
    #expect(try tokenizer.encode("abab").suffix(4) == [1, 2, 1, 2])
  }

  @Test(
    arguments: [
      // A trie that leads beyond its end, one that leads back, and a rule beyond the replacements.
      ([0x0000_0400 << 10], [0]), ([UInt32](repeating: 0, count: 256), []),
      ([0] + [UInt32](repeating: 0x61, count: 255), [0]),
      ([UInt32](repeating: 0x8000_0005, count: 255) + [0x8000_0005], [0]),
      ([0x100] + [UInt32](repeating: 0x8000_0005, count: 255), [0]),
      // No end of the replacements, no units.
      ([0] + [UInt32](repeating: 0x8000_0000, count: 255), [0x61]), ([], [0]),
    ] as [([UInt32], [UInt8])])
  func `damaged character maps are refused`(_ units: [UInt32], _ replacements: [UInt8]) {
    let model = letters + characterMap(units, replacements)
    #expect { try Tokenizer(sentencePiece: model.span) } throws: {
      ($0 as? BSTKError)?.code == .tokenizer
    }
  }

  @Test func `user-defined pieces that start alike are refused before they overrun`() throws {
    func model(_ count: Int) -> [UInt8] {
      letters + (2..<2 + count).flatMap { piece(String(repeating: "a", count: $0), kind: 4) }
    }
    if hasLibrary() {
      _ = try Tokenizer(sentencePiece: model(64).span).encode(String(repeating: "a", count: 99))
    }
    let error = #expect(throws: BSTKError.self) { try Tokenizer(sentencePiece: model(65).span) }
    #expect(error?.message.contains("start alike") == true)
  }

  @Test func `a piece with a zero byte, twice or too long is refused`() {
    for extra in ["a\0", "a", String(repeating: "a", count: 1025)] {
      let model = letters + piece(extra, kind: 1)
      #expect { try Tokenizer(sentencePiece: model.span) } throws: {
        ($0 as? BSTKError)?.code == .tokenizer
      }
    }
  }

  @Test func `a file above the limit is refused`() {
    let model = letters + [UInt8](repeating: 0, count: 128 << 20)
    #expect { try Tokenizer(sentencePiece: model.span) } throws: {
      ($0 as? BSTKError)?.message.contains("128 MiB") == true
    }
  }

  @Test(arguments: ReferenceTokenizers.libraryNames + [ReferenceTokenizers.sentencePiece])
  func `damaged models give errors and nothing worse`(_ name: String) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let bytes = try ReferenceTokenizers.bytes(name)
    for round in 0..<200 {
      var damaged = bytes
      if round < 60 {
        damaged.removeLast(Int.random(in: 1...bytes.count, using: &generator))
      } else {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let position = Int.random(in: 0..<damaged.count, using: &generator)
          damaged[position] =
            round % 2 == 0
            ? damaged[position] ^ 1 << UInt8.random(in: 0..<8, using: &generator)
            : UInt8(truncatingIfNeeded: generator.next())
        }
      }
      for usesLibrary in [false, SentencePieceLibrary.isAvailable] {
        do {
          let tokenizer = try Tokenizer(sentencePiece: damaged.span, usingLibrary: usesLibrary)
          let tokens = try tokenizer.encode(
            "Hello, 12 wörds of\t the \u{FB01}rst!\n", addingSpecialTokens: true)
          #expect(tokens.allSatisfy { $0 < tokenizer.vocabularySize }, "seed \(seed)")
          _ = tokenizer.decode(tokens)
        } catch {
          #expect(error.code == .tokenizer, "seed \(seed)")
        }
      }
    }
  }
}
