import BSTKTestSupport
import Testing

@testable import BSTKCodec

@Suite struct BytePlanesTests {
  @Test func planesStandOneBehindTheOther() {
    let bytes: [UInt8] = [9, 9, 1, 2, 3, 4, 5, 6]
    #expect(BytePlanes.split(bytes.span, start: 2, width: 2) == [9, 9, 1, 3, 5, 2, 4, 6])
    #expect(BytePlanes.split(bytes.span, start: 2, width: 3) == [9, 9, 1, 4, 2, 5, 3, 6])
  }

  @Test(arguments: [0, 5, 24], [1, 2, 4, 8]) func joiningUndoesSplitting(start: Int, width: Int) {
    var generator = SeededGenerator(seed: 11)
    for count in [0, 1, 7, 100] {
      let bytes = generator.bytes(start + count * width)
      let planes = BytePlanes.split(bytes.span, start: start, width: width)
      var joined = [UInt8](repeating: 0, count: bytes.count)
      var span = joined.mutableSpan
      BytePlanes.join(planes.span, start: start, width: width, into: &span)
      #expect(joined == bytes)
    }
  }
}
