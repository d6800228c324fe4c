import Testing

@testable import BSTKFormat

@Suite struct ByteReaderTests {
  @Test func readsLittleEndianNumbers() throws {
    let bytes = [UInt8](1...15)
    var reader = ByteReader(bytes.span, origin: 100, section: .header)
    #expect(try reader.u8() == 0x01)
    #expect(try reader.u16() == 0x0302)
    #expect(try reader.u32() == 0x0706_0504)
    #expect(try reader.u64() == 0x0F0E_0D0C_0B0A_0908)
    #expect(reader.remaining == 0)
    #expect(reader.offset == 115)
  }

  @Test func writesWhatItReads() throws {
    var writer = ByteWriter()
    writer.u16(0xFFFE)
    writer.u32(7)
    writer.f32(-1.5)
    writer.f64(2.25)
    writer.pad(to: 8)
    #expect(writer.bytes.count == 24)
    var reader = ByteReader(writer.bytes.span, origin: 0, section: .header)
    #expect(try reader.u16() == 0xFFFE)
    #expect(try reader.u32() == 7)
    #expect(try reader.f32() == -1.5)
    #expect(try reader.f64() == 2.25)
    try reader.zeros(6)
  }

  @Test(arguments: 0..<8, 0..<5) func nothingIsReadBeyondTheEnd(count: Int, what: Int) {
    let bytes = [UInt8](repeating: 1, count: count)
    var reader = ByteReader(bytes.span, origin: 40, section: .chunkTable)
    do {
      switch what {
      case 0: _ = try reader.u64()
      case 1: _ = try reader.digest()
      case 2: _ = try reader.span(8)
      case 3: _ = try reader.span(.max)
      default: _ = try reader.text(8)
      }
      Issue.record("\(count) bytes are not enough")
    } catch {
      #expect(error.code == .tooShort)
      #expect(error.section == .chunkTable)
    }
  }

  @Test func aByteThatMustBeZeroIsNamed() throws {
    let bytes: [UInt8] = [0, 0, 9]
    var reader = ByteReader(bytes.span, origin: 84, section: .header)
    do {
      try reader.zeros(3)
      Issue.record("a nine is not zero")
    } catch {
      #expect(error.code == .reserved)
      #expect(error.offset == 86)
    }
  }
}
