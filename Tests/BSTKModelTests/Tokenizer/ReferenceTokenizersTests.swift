import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKTokenizer

@Suite struct ReferenceTokenizersTests {
  @Test(arguments: ReferenceTokenizers.names)
  func `encodes and decodes as the tokenizers library`(_ name: String) throws {
    let (tokenizer, cases) = try ReferenceTokenizers.open(name)
    #expect(cases.count > 80)
    for golden in cases {
      #expect(try tokenizer.encode(golden.text) == golden.ids, "\(golden.text.debugDescription)")
      #expect(
        try tokenizer.encode(golden.text, addingSpecialTokens: true) == golden.withSpecial,
        "\(golden.text.debugDescription)")
      #expect(
        Array(tokenizer.decode(golden.ids, skippingSpecialTokens: false).utf8)
          == Array(golden.decoded.utf8), "\(golden.text.debugDescription)")
    }
  }

  @Test func `the list of tokenizers is complete`() throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: ReferenceTokenizers.folder.path)
    let names =
      ReferenceTokenizers.jsonNames + [ReferenceTokenizers.sentencePiece]
      + ReferenceTokenizers.libraryNames
    let expected = names.flatMap { [ReferenceTokenizers.file($0), "\($0).golden.json"] }
    #expect(Set(files) == Set(expected))
  }

  @Test(arguments: ReferenceTokenizers.names)
  func `a text in pieces gives the tokens of the whole`(_ name: String) throws {
    let (tokenizer, cases) = try ReferenceTokenizers.open(name)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for round in 0..<20 {
      let text = (0..<40).compactMap { _ in cases.randomElement(using: &generator)?.text }
        .joined(separator: round % 2 == 0 ? "" : " of the ")
      let bytes = Array(text.utf8)
      var stream = TokenStream(
        tokenizer, addingSpecialTokens: true,
        chunkSize: Int.random(in: 8...200, using: &generator))
      var tokens: [TokenID] = []
      var position = 0
      while position < bytes.count {
        let end = min(bytes.count, position + Int.random(in: 1...90, using: &generator))
        try stream.append(bytes.span.extracting(position..<end), into: &tokens)
        position = end
      }
      try stream.finish(checkingInto: &tokens)
      #expect(
        try tokens == tokenizer.encode(text, addingSpecialTokens: true),
        "seed \(seed), round \(round)")
    }
  }

  @Test func `a long text is encoded as it arrives`() throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("llama3")
    let bytes = Array(String(repeating: "In the beginning. ", count: 2000).utf8)
    var stream = TokenStream(tokenizer, addingSpecialTokens: false, chunkSize: 1000)
    var tokens: [TokenID] = []
    try stream.append(bytes.span.extracting(0..<bytes.count / 2), into: &tokens)
    #expect(tokens.count > 1000)
  }

  @Test func `a stretch without a place to cut holds up only itself`() throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("llama2")
    let text =
      String(repeating: "In the beginning. ", count: 20) + String(repeating: "天地", count: 2000)
      + String(repeating: " In the beginning.", count: 2000)
    let bytes = Array(text.utf8)
    for step in [100, 7000, bytes.count] {
      var stream = TokenStream(tokenizer, addingSpecialTokens: false, chunkSize: 500)
      var tokens: [TokenID] = []
      for start in stride(from: 0, to: bytes.count, by: step) {
        try stream.append(
          bytes.span.extracting(start..<min(start + step, bytes.count)), into: &tokens)
      }
      let early = tokens.count
      try stream.finish(into: &tokens)
      #expect(try tokens == tokenizer.encode(text))
      #expect(early > tokens.count / 2, "in steps of \(step)")
    }
  }

  @Test(arguments: [[0xFF], [0x41, 0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]])
  func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("gpt2")
    var stream = TokenStream(tokenizer)
    var tokens: [TokenID] = []
    #expect { try stream.append(bytes.span, into: &tokens) } throws: { error in
      (error as? BSTKError)?.code == .tokenizer
        && (error as? BSTKError)?.offset == (bytes[0] == 0x41 ? 1 : 0)
    }
  }

  @Test func `a text that ends inside a character is refused`() throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("gpt2")
    var stream = TokenStream(tokenizer)
    var tokens: [TokenID] = []
    try stream.append([0x41, 0xF0, 0x9F].span, into: &tokens)
    #expect { try stream.finish(checkingInto: &tokens) } throws: { error in
      (error as? BSTKError)?.offset == 1
    }
  }

  @Test(arguments: ReferenceTokenizers.names)
  func `text from tokens one at a time is the text from all`(_ name: String) throws {
    let (tokenizer, cases) = try ReferenceTokenizers.open(name)
    for golden in cases {
      var stream = TextStream(tokenizer, skippingSpecialTokens: false)
      var pieces = golden.ids.map { stream.append($0) }
      pieces.append(stream.finish())
      #expect(pieces.joined() == golden.decoded)
      #expect(!pieces.dropLast().contains { $0.contains("\u{FFFD}") })
    }
  }

  @Test func `special tokens can be left out`() throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("llama3")
    let tokens = try tokenizer.encode("<|begin|>Hello<|end|>")
    #expect(tokenizer.decode(tokens) == "Hello")
    #expect(tokenizer.id(of: "<|end|>") == 1)
    #expect(tokenizer.decode([4_000_000_000]) == "")
  }
}
