import BSTKInference
import BSTKTokenizer

@testable import BSTKModelFiles

// Files of a model folder. The first byte chooses which.

/// Called by libFuzzer with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer's buffer of `count` bytes, copied at once.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  switch first % 4 {
  case 0: _ = try? SafetensorsHeader(json: rest, fileByteCount: 1 << 30)
  case 1: _ = try? ModelConfiguration(json: rest.span)
  case 2: encode(with: try? Tokenizer(json: rest.span))
  default: encode(with: try? Tokenizer(sentencePiece: rest.span))
  }
  return 0
}

/// A tokenizer that was accepted takes a text or says why not.
private func encode(with tokenizer: Tokenizer?) {
  guard let tokenizer,
    let tokens = try? tokenizer.encode("Hello, \u{1F30D} wörld\u{0}  \n12 345")
  else { return }
  _ = tokenizer.decode(tokens)
}
