import BSTKTestSupport
import Foundation
import Testing

/// The annotated files of the Spec are the committed ones.
@Suite struct AnnotationTests {
  private static let page = FixtureFolder.root.appending(path: "Spec/v1/annotated.md")

  @Test func thePageShowsEveryByteOfTheFiles() throws {
    let tiny = RawFile.tiny().bytes()
    let planes = RawFile.tinyPlanes().bytes()
    let annotations = [Annotation(tiny: tiny), Annotation(tinyPlanes: planes)]
    #expect(annotations.map(\.coveredByteCount) == [tiny.count, planes.count])
    let markdown = Annotation.page(annotations)
    if FixtureFolder.isRecording { try Data(markdown.utf8).write(to: Self.page) }
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(text == markdown)
    // The bytes once more, read back from the page.
    var bytes: [UInt8] = []
    for line in text.split(separator: "\n") where line.prefix(4).allSatisfy(\.isHexDigit) {
      let columns = line.dropFirst(6).prefix(47).split(separator: " ")
      bytes += columns.prefix { $0.count == 2 }.compactMap { UInt8($0, radix: 16) }
    }
    let files = ["valid/tiny.bstk", "valid/tiny-planes.bstk"]
    #expect(try bytes == files.flatMap { try FixtureFolder.read($0) })
  }
}
