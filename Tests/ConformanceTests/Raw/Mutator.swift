import BSTKTestSupport

/// Damages files at random and sets their hashes right again, so that the checks behind the hashes
/// have to hold.
struct Mutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A changed copy.
  mutating func mutate(_ file: [UInt8]) -> [UInt8] {
    var bytes = file
    for _ in 0..<Int.random(in: 1...3, using: &generator) { change(&bytes) }
    if Bool.random(using: &generator) { setLengths(&bytes, like: file) }
    if bytes.count >= 256 { Seal.index(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard bytes.count >= 320 else { return }
    // The index is where most rules are; a fifth of the changes goes anywhere.
    let end = min(bytes.count, 1200)
    let range = Int.random(in: 0..<5, using: &generator) == 0 ? 8..<bytes.count : 256..<end
    let at = Int.random(in: range, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 2: replace(&bytes, at, number().littleEndianBytes)
    case 3: replace(&bytes, at & ~3, UInt32(truncatingIfNeeded: number()).littleEndianBytes)
    case 4:
      let from = Int.random(in: range, using: &generator)
      replace(&bytes, at, Array(bytes[from..<min(from + 48, bytes.count)]))
    default:
      bytes.removeSubrange(at..<min(at + Int.random(in: 1...64, using: &generator), bytes.count))
    }
  }

  /// A number that rules are likely to trip over.
  private mutating func number() -> UInt64 {
    let powers = UInt64(1) << UInt64.random(in: 0..<64, using: &generator)
    let numbers = [
      0, 1, powers, powers &- 1, powers &+ 1, .max, UInt64.random(in: 0...300, using: &generator),
    ]
    return numbers.randomElement(using: &generator) ?? 0
  }

  private func replace(_ bytes: inout [UInt8], _ at: Int, _ new: [UInt8]) {
    for (offset, byte) in new.enumerated() where at + offset < bytes.count {
      bytes[at + offset] = byte
    }
  }

  /// Puts back what makes most files fall at the first hurdle: magic, version, flags and lengths.
  private func setLengths(_ bytes: inout [UInt8], like file: [UInt8]) {
    replace(&bytes, 0, Array(file[..<128]))
  }
}
