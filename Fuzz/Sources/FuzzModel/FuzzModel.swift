import BSTKInference
import BSTKStore
import BSTKTokenizer
@testable import BSTKModelFiles

// Files of a model folder, and GGUF files. The first byte chooses which.

/// Called by libFuzzer with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer's buffer of `count` bytes, copied at once.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  switch (first &- UInt8(ascii: "0")) % 5 {
  case 0: _ = try? SafetensorsHeader(json: rest, fileByteCount: 1 << 30)
  case 1: _ = try? ModelConfiguration(json: rest.span)
  case 2: encode(with: try? Tokenizer(json: rest.span))
  case 3: encode(with: try? Tokenizer(sentencePiece: rest.span))
  default: openGGUF(rest)
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

/// A file that was accepted can be read whole, and what is made of its metadata is read or refused.
private func openGGUF(_ bytes: [UInt8]) {
  guard let file = try? GGUFFile(MemorySource(bytes)) else { return }
  for tensor in file.tensors {
    var floats = [Float](repeating: 0, count: tensor.elementCount)
    var span = floats.mutableSpan
    try? file.readFloats(of: tensor, from: 0, into: &span)
  }
  guard let model = try? GGUFModel(file, path: "file") else { return }
  for tensor in model.tensors { _ = try? model.loadFloats(tensor.name) }
  if let json = try? model.auxiliaryBytes("config.json") {
    _ = try? ModelConfiguration(json: json.span)
  }
  guard model.auxiliaryFiles.contains("tokenizer.json"),
    let json = try? model.auxiliaryBytes("tokenizer.json")
  else { return }
  encode(with: try? Tokenizer(json: json.span))
}
