import BSTKFormat
import Testing

@Suite struct DigestTests {
  static let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func hexAndBackAgain() throws {
    let digest = try #require(Digest(hex: Self.hex))
    #expect(digest.hex == Self.hex)
    #expect(digest.bytes.first == 0xE3)
    #expect(digest.bytes.last == 0x55)
    #expect(Digest(digest.bytes.span) == digest)
    #expect(Digest(hex: Self.hex.uppercased()) == digest)
  }

  @Test(arguments: [
    "", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), " " + hex.dropFirst(),
    "é" + hex.dropFirst(2),
  ])
  func anythingElseIsNoDigest(_ text: String) {
    #expect(Digest(hex: text) == nil)
  }
}
