/// The regular expressions that byte-level tokenizers cut text into words with, matched by hand.
///
/// A tokenizer's file holds the expression as text; the ones in use are few, and a matcher for
/// each is both faster than a regular expression engine and free of differences between engines.
enum WordPattern: Sendable, Hashable {
  /// GPT-2's, also what `ByteLevel` with `use_regex` means.
  case gpt2
  /// Llama 3's and Qwen2's, which differ in the digits that stay together.
  case cl100k(digits: Int)
  /// Mistral's since Nemo, which also cuts words where their case changes.
  case tekken
  /// A literal text.
  case literal([UInt8])

  private static let tail = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
  private static let word = #"[^\r\n\p{L}\p{N}]?\p{L}+|"#
  private static let symbols = #" ?[^\s\p{L}\p{N}]+[\r\n]*|"#
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  private static let prefix = #"[^\r\n\p{L}\p{N}]?"#

  private static let known: [String: WordPattern] = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
    contractions + word + #"\p{N}{1,3}|"# + symbols + tail: .cl100k(digits: 3),
    contractions + word + #"\p{N}|"# + symbols + tail: .cl100k(digits: 1),
    "\(prefix)\(upper)*\(lower)+|\(prefix)\(upper)+\(lower)*"
      + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + tail: .tekken,
  ]

  /// The pattern an expression stands for, or nil when it is not one of the known ones.
  init?(expression: String) {
    guard let pattern = Self.known[expression] else { return nil }
    self = pattern
  }
}
