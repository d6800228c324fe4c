internal import BSTKFormat

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// How the tensors of a model are spread over safetensors files, as the transformers library
/// expects to find them.
struct ShardPlan {
  /// One file.
  struct Shard {
    let fileName: String
    let tensors: [TensorDescription]
  }

  let shards: [Shard]

  /// Spreads tensors in the order of their names.
  init(_ tensors: [TensorDescription], shardByteCount: Int) {
    var groups: [[TensorDescription]] = [[]]
    var groupByteCount = 0
    for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      let isFull = tensor.byteCount > shardByteCount - groupByteCount
      if isFull, groups.last?.isEmpty == false {
        groups.append([])
        groupByteCount = 0
      }
      groups[groups.count - 1].append(tensor)
      groupByteCount += tensor.byteCount
    }
    let total = Self.padded(groups.count)
    shards = groups.enumerated().map { number, tensors in
      let name =
        groups.count == 1
        ? ShardIndex.singleFileName
        : "model-\(Self.padded(number + 1))-of-\(total).safetensors"
      return Shard(fileName: name, tensors: tensors)
    }
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  private struct IndexJSON: Encodable {
    let metadata: [String: Int]
    let weight_map: [String: String]
  }

  /// The bytes of the index, or nil when there is one file and none is needed.
  func indexBytes() throws(BSTKError) -> [UInt8]? {
    guard shards.count > 1 else { return nil }
    var map: [String: String] = [:]
    for shard in shards {
      for tensor in shard.tensors { map[tensor.name] = shard.fileName }
    }
    let total = shards.reduce(0) { $0 + $1.tensors.reduce(0) { $0 + $1.byteCount } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let index = IndexJSON(metadata: ["total_size": total], weight_map: map)
      return [UInt8](try encoder.encode(index)) + [UInt8(ascii: "\n")]
    } catch {
      throw BSTKError(.model, "the index of shards cannot be written as JSON (\(error))")
    }
  }
}
