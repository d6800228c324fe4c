import BSTKFormat
import BSTKTestSupport
import BSTKTokenizer
import Foundation
import Testing

/// A tokenizer of two letters, with parts to add.
private func small(_ parts: String, merges: String = #"["a b"]"#) -> String {
  #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": \#(merges)}\#(parts)}"#
}

@Suite struct HostileTokenizerTests {
  private func read(_ json: String) throws(BSTKError) -> Tokenizer {
    try Tokenizer(json: Array(json.utf8).span)
  }

  @Test func `the small tokenizer works`() throws {
    #expect(try read(small("")).encode("abba") == [2, 1, 0])
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"model": 5}"#, #"{"model": {"type": "Unigram"}}"#,
    #"{"model": {"type": "BPE", "vocab": {}, "merges": []}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 1e12}, "merges": []}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 99999999999999999999}, "merges": []}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0.5}, "merges": []}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "u"}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}}"#,
    #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}}"#,
    small("", merges: #"["a"]"#), small("", merges: #"["a b c"]"#),
    small("", merges: #"[["a"]]"#), small("", merges: #"[["a", 1]]"#),
    small("", merges: #"["b a"]"#), small("", merges: #"[5]"#), small("", merges: #"["c a"]"#),
    small(#", "normalizer": {"type": "BertNormalizer"}"#),
    small(#", "normalizer": {"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}"#),
    small(#", "normalizer": {"type": "Sequence"}"#),
    small(#", "pre_tokenizer": {"type": "BertPreTokenizer"}"#),
    small(
      #", "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a+"}, "behavior": "Isolated"}"#),
    small(#", "pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Lost"}"#),
    small(#", "pre_tokenizer": {"type": "Metaspace", "replacement": ""}"#),
    small(#", "decoder": {"type": "WordPiece"}"#),
    small(#", "post_processor": {"type": "BertProcessing"}"#),
    small(#", "post_processor": {"type": "TemplateProcessing", "single": []}"#),
    small(
      #", "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {}}]}"#
    ),
    small(#", "added_tokens": [{"id": -1, "content": "x"}]"#),
    small(#", "added_tokens": [{"id": 4000000000, "content": "x"}]"#),
    small(#", "added_tokens": [{"id": 5}]"#),
    small(", \"x\": " + String(repeating: "[", count: 100_000)),
    small(
      ", \"normalizer\": " + String(repeating: #"{"type": "Sequence", "normalizers": ["#, count: 20)
        + #"{"type": "NFC"}"# + String(repeating: "]}", count: 20)),
  ])
  func `malformed and unknown tokenizers are refused`(_ json: String) {
    #expect { try read(json) } throws: { ($0 as? BSTKError)?.code == .tokenizer }
  }

  @Test func `a vocabulary keeps strings apart that only normalize alike`() throws {
    let json = #"""
      {"model": {"vocab": {"\u00e9": 0, "e": 1, "\u0301": 2, "e\u0301": 3},
       "merges": [["e", "\u0301"]]}}
      """#
    let tokenizer = try read(json)
    #expect(try tokenizer.encode("\u{E9}e\u{301}") == [0, 3])
  }

  @Test func `a word of a million letters does not take forever`() throws {
    let (tokenizer, _) = try ReferenceTokenizers.open("llama3")
    let word = String(repeating: "a", count: 200_000) + String(repeating: "ab", count: 100_000)
    #expect(try tokenizer.decode(tokenizer.encode(word)) == word)
  }

  @Test func `an empty token is never used`() throws {
    let tokenizer = try read(#"{"model": {"vocab": {"": 0, "a": 1}, "merges": [["", "a"]]}}"#)
    #expect(try tokenizer.encode("aa") == [1, 1])
  }

  @Test func `damaged tokenizers give errors and nothing worse`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for name in ["llama2", "qwen2"] {
      let bytes = [UInt8](
        try Data(contentsOf: ReferenceTokenizers.folder.appending(path: "\(name).json")))
      for _ in 0..<60 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let position = Int.random(in: 0..<damaged.count, using: &generator)
          damaged[position] = UInt8.random(in: 0x20...0x7E, using: &generator)
        }
        do {
          let tokens = try Tokenizer(json: damaged.span).encode("Hello, 12 wörds!\n")
          #expect(tokens.count < 100, "seed \(seed)")
        } catch {
          #expect(error.code == .tokenizer, "seed \(seed)")
        }
      }
    }
  }

  @Test(arguments: [
    ("1 2\n3\t4", [1, 2, 3, 4]), ("", []), (" 7 ", [7]), ("[1, 2,3 ]", [1, 2, 3]), ("[]", []),
    ("4294967295", [4_294_967_295]),
  ])
  func `token ids from a file`(_ text: String, _ expected: [TokenID]) throws {
    #expect(try TokenFile.parse(Array(text.utf8).span) == expected)
  }

  @Test(arguments: [
    "x", "1,2", "[1 2]", "[1,]", "[1", "[1]2", "-1", "1.5", "4294967296", "[[1]]", "]", "1]",
    "99999999999999999999999999999",
  ])
  func `what are no token ids`(_ text: String) {
    #expect { try TokenFile.parse(Array(text.utf8).span) } throws: {
      ($0 as? BSTKError)?.code == .tokenizer
    }
  }
}
