internal import BSTKFormat
internal import BSTKModelFiles

/// The order in which a published BitStack checkpoint loads its blocks, from its
/// `compression_config.json`.
///
/// The file is an array of configurations, each with the blocks every projection has at one memory
/// budget; entry 0 has one block everywhere and each further entry adds one. It grows with the
/// square of the model, so it is read entry by entry and only the differences are kept.
struct BitStackSchedule {
  /// The projection that receives a block, entry by entry, from the second entry on.
  private(set) var steps: [String] = []
  /// The blocks of each projection in the last entry.
  private(set) var blockCounts: [String: Int] = [:]
  /// The bytes that each step adds, by the file's own account.
  private(set) var stepByteCounts: [Int] = []
  private var memory = 0

  /// Reads a `compression_config.json`.
  ///
  /// - Throws: `MODEL` when it does not describe one block at a time.
  init(json: Span<UInt8>) throws(BSTKError) {
    var splitter = JSONArraySplitter(json)
    var number = 0
    while let range = try splitter.next() {
      let entry = try JSONParser.parse(json.extracting(range), code: .model)
      try append(entry, number: number)
      number += 1
    }
    guard number > 0 else { throw Self.fault("compression_config.json has no entries") }
  }

  private mutating func append(_ entry: JSONValue, number: Int) throws(BSTKError) {
    guard let members = entry["layers"]?.objectValue,
      let memory = entry["memory"]?.integerValue, memory >= 0
    else {
      throw Self.fault("entry \(number) of compression_config.json lacks memory or layers")
    }
    guard Set(members.map(\.name)).count == members.count else {
      throw Self.fault("entry \(number) of compression_config.json names a projection twice")
    }
    var changed: String?
    for member in members {
      let name = member.name
      guard let count = member.value.integerValue, count >= 1 else {
        throw Self.fault("entry \(number) of compression_config.json has no count for \(name)")
      }
      let previous = blockCounts.updateValue(count, forKey: name)
      guard let previous else {
        guard number == 0 else { throw Self.otherNames(number) }
        guard count == 1 else {
          throw Self.fault("the first entry of compression_config.json must have one block each")
        }
        continue
      }
      guard count != previous else { continue }
      guard changed == nil, count == previous + 1 else {
        throw Self.fault("entry \(number) of compression_config.json adds more than one block")
      }
      changed = name
    }
    guard members.count == blockCounts.count else { throw Self.otherNames(number) }
    if number > 0 {
      guard let changed else {
        throw Self.fault("entry \(number) of compression_config.json adds no block")
      }
      steps.append(changed)
      stepByteCounts.append(memory - self.memory)
    }
    self.memory = memory
  }

  private static func otherNames(_ number: Int) -> BSTKError {
    fault("entry \(number) of compression_config.json names other projections")
  }

  private static func fault(_ message: String) -> BSTKError {
    BSTKError(
      .model, message, remedy: "import a checkpoint as the BitStack reference code writes it")
  }
}
