import BSTKCompression
import BSTKFormat
import BSTKTestSupport
import Foundation
import Testing

/// A checkpoint that must not be imported, and the code it is refused with.
enum CheckpointDamage: String, CaseIterable {
  case noSchedule, noBlocks, unknownProjection, projectionMissing, projectionNamedLater
  case projectionNamedTwice, twoBlocksAtOnce, blockTaken, nothingAdded, wrongByteCount
  case firstEntryWithTwo, countOfZero, hugeCount, moreBlocksThanThereAre, noMemory
  case noVectors, noSigns, gapInSigns, signsOfWrongType, vectorsOfWrongType, vectorsOfWrongShape
  case blocksOfTwoShapes, signsTooShort, rankZero, notFinite, infinite, sameProjectionTwice
  case emptySchedule, scheduleIsAnObject, scheduleEndsEarly, bytesAfterSchedule, deepSchedule
  case openString, notJSON

  var code: BSTKError.Code {
    switch self {
    case .notFinite, .infinite: .float
    case .rankZero: .shape
    default: .model
    }
  }

  private static let query = "model.layers.0.self_attn.q_proj"

  func make(in folder: TemporaryFolder) throws {
    var checkpoint = TinyCheckpoint()
    var entries = TinyCheckpoint.entries()
    let last = entries.count - 1
    switch self {
    case .noSchedule, .emptySchedule, .scheduleIsAnObject, .scheduleEndsEarly,
      .bytesAfterSchedule, .deepSchedule, .openString, .notJSON:
      break
    case .noBlocks: checkpoint.tensors.removeAll { $0.name.contains("proj") }
    case .unknownProjection:
      for index in entries.indices { entries[index].layers[1].name = "layer.7.mlp.down_proj" }
    case .projectionMissing: for index in entries.indices { entries[index].layers.remove(at: 1) }
    case .projectionNamedLater:
      // The one block that is loaded would be the first of a projection with one block only.
      checkpoint.tensors.removeAll { tensor in
        (1..<4).contains {
          tensor.name.hasPrefix("model.layers.0.mlp") && tensor.name.hasSuffix("_\($0)")
        }
      }
      entries[0].layers.remove(at: 1)
      entries = [entries[0], (entries[0].memory, TinyCheckpoint.entries()[0].layers)]
    case .projectionNamedTwice:
      for index in entries.indices { entries[index].layers[0].name = entries[index].layers[1].name }
    case .twoBlocksAtOnce: entries.remove(at: 1)
    case .blockTaken: entries[last].layers[1].count -= 2
    case .nothingAdded: entries[last].layers = entries[last - 1].layers
    case .wrongByteCount: entries[last].memory += 1
    case .firstEntryWithTwo: entries[0].layers[0].count = 2
    case .countOfZero: entries[0].layers[0].count = 0
    case .hugeCount: entries[1].layers[0].count = .max
    case .moreBlocksThanThereAre:
      checkpoint.tensors.removeAll {
        $0.name.hasPrefix("model.layers.0.mlp") && $0.name.hasSuffix("_3")
      }
    case .noMemory: break
    case .noVectors: checkpoint.tensors.removeAll { $0.name == "\(Self.query).u_2" }
    case .noSigns: checkpoint.tensors.removeAll { $0.name == "\(Self.query).qweight_3" }
    case .gapInSigns:
      checkpoint.tensors.removeAll { $0.name.hasPrefix(Self.query) && $0.name.hasSuffix("_2") }
    case .signsOfWrongType: try checkpoint.change("\(Self.query).qweight_1") { $0.type = .i8 }
    case .vectorsOfWrongType: try checkpoint.change("\(Self.query).u_1") { $0.type = .bf16 }
    case .vectorsOfWrongShape:
      try checkpoint.change("\(Self.query).u_1") { $0.shape = [$0.shape[1], $0.shape[0]] }
    case .blocksOfTwoShapes:
      try checkpoint.change("\(Self.query).u_1") { $0.shape = [8, 4] }
      try checkpoint.change("\(Self.query).vt_1") { $0.shape = [4, 12] }
      try checkpoint.change("\(Self.query).qweight_1") {
        $0.shape = [12]
        $0.bytes.removeLast($0.bytes.count - 12)
      }
    case .signsTooShort:
      try checkpoint.change("\(Self.query).qweight_1") {
        $0.shape[0] -= 1
        $0.bytes.removeLast()
      }
    case .rankZero:
      try checkpoint.change("\(Self.query).u_0") { ($0.shape, $0.bytes) = ([1 << 30, 0], []) }
      try checkpoint.change("\(Self.query).vt_0") { ($0.shape, $0.bytes) = ([0, 1 << 30], []) }
    case .notFinite: try checkpoint.change("\(Self.query).vt_2") { $0.bytes[5] = 0x7E }
    case .infinite:
      try checkpoint.change("\(Self.query).u_0") { ($0.bytes[2], $0.bytes[3]) = (0, 0xFC) }
    case .sameProjectionTwice:
      checkpoint.tensors += checkpoint.tensors.filter { $0.name.hasPrefix(Self.query) }
        .map { tensor in
          var copy = tensor
          copy.name = "layer.0.self_attn.q_proj" + tensor.name.dropFirst(Self.query.count)
          return copy
        }
    }
    checkpoint.schedule = schedule(TinyCheckpoint.schedule(entries))
    try checkpoint.write(to: folder)
    if self == .noSchedule {
      try FileManager.default.removeItem(atPath: folder.file("compression_config.json"))
    }
  }

  private func schedule(_ text: String) -> String {
    switch self {
    case .emptySchedule: "[]"
    case .scheduleIsAnObject: #"{"memory": 1}"#
    case .scheduleEndsEarly: String(text.dropLast(text.count / 2))
    case .bytesAfterSchedule: text + "[]"
    case .deepSchedule: String(repeating: "[", count: 200_000)
    case .openString: "[\"\\"
    case .notJSON: "[{'memory': 1}]"
    case .noMemory: text.replacing("memory", with: "bytes")
    default: text
    }
  }
}

@Suite("Refusals of the importer")
struct ImportRefusalTests {
  @Test(arguments: CheckpointDamage.allCases)
  func `a checkpoint that does not fit together is refused`(_ damage: CheckpointDamage) throws {
    let folder = try TemporaryFolder()
    let output = try TemporaryFolder()
    try damage.make(in: folder)
    let error = try #require(throws: BSTKError.self) {
      _ = try BitStackImporter(folder: folder.path).write(to: output.file("m.bstk"))
    }
    #expect(error.code == (damage == .noSchedule ? .io : damage.code), "\(damage): \(error)")
    #expect(try output.contents() == [])
  }
}
