import BSTKTestSupport
import Foundation
import Testing

/// The annotated file of the Spec is the committed one.
@Suite struct AnnotationTests {
  private static let page = FixtureFolder.root.appending(path: "Spec/v1/annotated.md")

  @Test func thePageShowsEveryByteOfTheFile() throws {
    let annotation = Annotation(tiny: RawFile.tiny().bytes())
    #expect(annotation.coveredByteCount == RawFile.tiny().bytes().count)
    if FixtureFolder.isRecording { try Data(annotation.markdown.utf8).write(to: Self.page) }
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(text == annotation.markdown)
    // The bytes once more, read back from the page.
    var bytes: [UInt8] = []
    for line in text.split(separator: "\n") where line.prefix(4).allSatisfy(\.isHexDigit) {
      let columns = line.dropFirst(6).prefix(47).split(separator: " ")
      bytes += columns.prefix { $0.count == 2 }.compactMap { UInt8($0, radix: 16) }
    }
    #expect(try bytes == FixtureFolder.read("valid/tiny.bstk"))
  }
}
