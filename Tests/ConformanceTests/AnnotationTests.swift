import BSTKTestSupport
import Foundation
import Testing

/// The annotated files of the Spec are the committed ones.
@Suite struct AnnotationTests {
  private static let url = FixtureFolder.root.appending(path: "Spec/v1/annotated.md")

  private static let files = [
    (name: "valid/tiny.bstk", annotation: Annotation(tiny: RawFile.tiny().bytes())),
    (
      name: "valid/tiny-planes.bstk",
      annotation: Annotation(tinyPlanes: RawFile.tinyPlanes().bytes())
    ),
    (
      name: "valid/tiny-parts.bstk",
      annotation: Annotation(tinyParts: RawFile.tinyParts().bytes())
    ),
  ]

  private static var page: String {
    """
    # Files, byte by byte

    Offsets and bytes are hexadecimal. The page is written by the conformance tests, which also
    compare it with the files.

    ## A matrix of sign blocks

    This is `Fixtures/v1/valid/tiny.bstk`: a configuration file, a tensor of two elements and a
    3 × 5 matrix of kind 1 in two levels.
    \(files[0].annotation.markdown)
    ## A matrix of nested planes

    This is `Fixtures/v1/valid/tiny-planes.bstk`: a 2 × 9 matrix of kind 2 in three levels, of
    which two belong to the base. Its values are worked out in section B.3 of the Spec.
    \(files[1].annotation.markdown)
    ## A tensor in parts

    This is `Fixtures/v1/valid/tiny-parts.bstk`: a 3 × 8 tensor of which one matrix of kind 2 holds the
    first two rows and another one the third, each in one level.
    \(files[2].annotation.markdown)
    """
  }

  @Test func thePageShowsEveryByteOfTheFiles() throws {
    if FixtureFolder.isRecording { try Data(Self.page.utf8).write(to: Self.url) }
    let text = try String(contentsOf: Self.url, encoding: .utf8)
    #expect(text == Self.page)
    // The bytes once more, read back from the page.
    let parts = text.split(separator: "\n## ").dropFirst()
    try #require(parts.count == Self.files.count)
    for (part, file) in zip(parts, Self.files) {
      var bytes: [UInt8] = []
      for line in part.split(separator: "\n") where line.prefix(4).allSatisfy(\.isHexDigit) {
        let columns = line.dropFirst(6).prefix(47).split(separator: " ")
        bytes += columns.prefix { $0.count == 2 }.compactMap { UInt8($0, radix: 16) }
      }
      #expect(file.annotation.coveredByteCount == bytes.count)
      #expect(try bytes == FixtureFolder.read(file.name))
    }
  }
}
