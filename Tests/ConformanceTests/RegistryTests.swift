import BSTKFormat
import Foundation
import Testing

/// The Spec's tables and the library's constants say the same.
@Suite struct RegistryTests {
  private static let spec = FixtureFolder.root.appending(path: "Spec/v1/spec.md")
  private static let tools = FixtureFolder.root.appending(path: "Spec/v1/tools.md")

  /// The lines of a section, without its heading.
  private static func section(_ heading: String) throws -> [Substring] {
    let text = try String(contentsOf: spec, encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("#") && $0.hasSuffix(heading) })
    return Array(lines[(start + 1)...].prefix { !$0.hasPrefix("#") })
  }

  /// The cells of a section's tables, row by row, marks of code taken off.
  private static func rows(_ heading: String) throws -> [[String]] {
    try section(heading).filter { $0.hasPrefix("| ") }.map { line in
      line.split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces).replacing("`", with: "")
      }
    }
  }

  /// Every code of the format has a file that provokes it, but for the root digest, which a file
  /// cannot get wrong by itself.
  @Test func everyCodeHasItsFile() throws {
    let listed = Set(try Self.rows("Error codes").dropFirst(2).compactMap(\.first))
    let provoked = Set(InvalidFixtures.all.compactMap { $0.fault?.code })
    #expect(listed.count >= 20)
    #expect(listed.subtracting(provoked) == [BSTKError.Code.rootDigest.rawValue])
    #expect(provoked.isSubset(of: listed))
  }

  /// No module makes up a code that neither the Spec nor its page for tools lists.
  @Test func everyCodeInTheSourcesIsListed() throws {
    let text = try [Self.spec, Self.tools].map { try String(contentsOf: $0, encoding: .utf8) }
      .joined()
    let sources = FixtureFolder.root.appending(path: "Sources")
    let files = try #require(FileManager.default.enumerator(atPath: sources.path))
    var codes: Set<String> = []
    for case let name as String in files where name.hasSuffix(".swift") {
      let source = try String(contentsOf: sources.appending(path: name), encoding: .utf8)
      let matches = source.matches(of: /static let \w+ = Self\((?:rawValue: )?"([A-Z_]+)"\)/)
      codes.formUnion(matches.map { String($0.1) })
    }
    #expect(codes.count >= 40)
    #expect(codes.filter { !text.contains("| `\($0)` |") }.isEmpty)
  }

  @Test func elementTypesAreThoseOfTheSpec() throws {
    var found: [UInt8: (name: String, byteCount: Int)] = [:]
    for row in try Self.rows("Element types") {
      for cells in [row.prefix(3), row.dropFirst(4).prefix(3)].map(Array.init) {
        if cells.count == 3, let number = UInt8(cells[0]), let byteCount = Int(cells[2]) {
          found[number] = (cells[1], byteCount)
        }
      }
    }
    #expect(found.count == ElementType.allCases.count)
    for type in ElementType.allCases {
      #expect(found[type.rawValue]?.name == type.name)
      #expect(found[type.rawValue]?.byteCount == type.byteCount)
    }
  }

  /// The numbers of a registry that have a meaning, with the cell behind each.
  private static func numbers(_ heading: String) throws -> [UInt8: String] {
    let rows = try rows(heading).compactMap { cells in
      UInt8(cells[0]).map { ($0, cells.count > 1 ? cells[1] : "") }
    }
    return Dictionary(uniqueKeysWithValues: rows)
  }

  @Test func kindsAndCodecsAreThoseOfTheSpec() throws {
    let kinds = try Self.numbers("Matrix kinds")
    #expect(Set(kinds.keys) == Set(MatrixKind.allCases.map(\.rawValue)))
    for kind in MatrixKind.allCases {
      #expect(kinds[kind.rawValue]?.contains(kind.name) == true)
    }
    #expect(
      try Set(Self.numbers("Chunk codecs").keys) == Set(ChunkCodec.allCases.map(\.rawValue)))
    let vectors = try Self.numbers("Vector types")
    #expect(Set(vectors.keys) == Set(VectorType.allCases.map(\.rawValue)))
    #expect(vectors[VectorType.log8.rawValue] == VectorType.log8.name)
  }

  @Test func limitsAreThoseOfTheSpec() throws {
    let rows = try Self.rows("17. Limits")
    func number(_ what: String) -> UInt64? {
      let cell = rows.first { $0.first == what }?.dropFirst().first
      let last = cell?.split(separator: "=").last ?? ""
      let digits = last.prefix { $0 != "(" }.filter { $0.isNumber || $0 == "^" }
      let power = digits.split(separator: "^").compactMap { UInt64($0) }
      return power.count == 2 ? 1 << power[1] : power.first
    }
    #expect(number("header and index, without the large-index flag") == Limits.manifestByteCount)
    #expect(number("header and index, with it") == Limits.largeManifestByteCount)
    #expect(number("matrices") == UInt64(Limits.matrixCount))
    #expect(number("objects") == UInt64(Limits.objectCount))
    #expect(number("chunks") == UInt64(Limits.chunkCount))
    #expect(number("name") == UInt64(Limits.nameByteCount))
    #expect(number("rows, columns of a matrix") == UInt64(Limits.matrixDimension))
    #expect(number("rows of all parts of a tensor") == UInt64(Limits.matrixDimension))
    #expect(number("levels of a matrix of kind 1") == UInt64(Limits.levelCount))
    #expect(number("levels of a matrix of kind 2") == UInt64(Limits.nestedLevelCount))
    #expect(number("elements of a matrix of kind 2") == Limits.nestedElementCount)
    #expect(number("rank of a block of kind 1") == UInt64(Limits.rank))
    #expect(number("gain of a level") == UInt64(Limits.gain))
    #expect(number("dimensions of a tensor") == UInt64(Limits.tensorDimensionCount))
    #expect(number("one tensor") == Limits.tensorByteCount)
    #expect(
      number("one row of a tensor with two or more dimensions") == Limits.chunkByteCount)
    #expect(number("one auxiliary or ignorable object") == Limits.auxiliaryByteCount)
    #expect(number("one chunk, stored or decoded") == Limits.chunkByteCount)
    #expect(
      number("payload length per stored byte of a compressed chunk") == Limits.compressionRatio)
    #expect(number("file") == Limits.fileByteCount)
    #expect(number("provenance") == UInt64(Limits.provenanceByteCount))
    #expect(number("label of a quality table") == UInt64(Limits.labelByteCount))
  }
}
