import BSTKTestSupport
import Testing

@testable import BSTKCodec

@Suite struct BytePlanesTests {
  @Test func planesStandOneBehindTheOther() {
    let bytes: [UInt8] = [9, 9, 1, 2, 3, 4, 5, 6]
    #expect(BytePlanes.split(bytes.span, 2..<8, width: 2) == [9, 9, 1, 3, 5, 2, 4, 6])
    #expect(BytePlanes.split(bytes.span, 2..<8, width: 3) == [9, 9, 1, 4, 2, 5, 3, 6])
    #expect(BytePlanes.split(bytes.span, 2..<6, width: 2) == [9, 9, 1, 3, 2, 4, 5, 6])
  }

  @Test(arguments: [0, 5, 24], [1, 2, 4, 8]) func joiningUndoesSplitting(start: Int, width: Int) {
    var generator = SeededGenerator(seed: 11)
    for count in [0, 1, 7, 100] {
      for tail in [0, 3] {
        let range = start..<(start + count * width)
        let bytes = generator.bytes(range.upperBound + tail)
        let planes = BytePlanes.split(bytes.span, range, width: width)
        var joined = [UInt8](repeating: 0, count: bytes.count)
        var span = joined.mutableSpan
        BytePlanes.join(planes.span, range, width: width, into: &span)
        #expect(joined == bytes)
      }
    }
  }
}
