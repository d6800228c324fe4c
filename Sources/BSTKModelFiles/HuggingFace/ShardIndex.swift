internal import BSTKFormat

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Which files hold the weights of a folder, and which tensor is in which.
struct ShardIndex {
  static let singleFileName = "model.safetensors"
  static let indexFileName = "model.safetensors.index.json"
  private static let maximumShardCount = 4096

  /// File names inside the folder, sorted.
  let shards: [String]
  /// Tensor name to file name; nil when one file holds everything.
  private let weightMap: [String: String]?

  private struct IndexJSON: Decodable {
    let weight_map: [String: String]
  }

  /// Finds the weights; a single file wins over an index, as in the transformers library.
  ///
  /// - Throws: `MODEL` when there are none or the index is malformed.
  init(folder: String, listing: FolderListing) throws(BSTKError) {
    if listing.contains(Self.singleFileName) {
      shards = [Self.singleFileName]
      weightMap = nil
      return
    }
    guard listing.contains(Self.indexFileName) else {
      let remedy =
        if listing.containsFile(endingIn: ".gguf") {
          "name the GGUF file itself instead of its folder"
        } else if listing.containsFile(endingIn: ".bin") {
          "save the model as safetensors first; other formats are not read"
        } else {
          "name the folder of a model in the Hugging Face layout"
        }
      throw BSTKError(
        .model, "\(folder) has neither \(Self.singleFileName) nor \(Self.indexFileName)",
        remedy: remedy)
    }
    let path = "\(folder)/\(Self.indexFileName)"
    let bytes = try FolderListing.bytes(ofSmallFile: path)
    let map: [String: String]
    do {
      map = try JSONDecoder().decode(IndexJSON.self, from: Data(bytes)).weight_map
    } catch {
      throw BSTKError(.model, "\(path) is not an index of shards (\(error))")
    }
    let names = Set(map.values)
    guard !names.isEmpty, names.count <= Self.maximumShardCount else {
      throw BSTKError(.model, "\(path) names \(names.count) shards")
    }
    for name in names.sorted() where !Self.isPlainFileName(name) {
      throw BSTKError(.model, "\(path) names a shard \"\(name)\", which is no file of the folder")
    }
    shards = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    weightMap = map
  }

  /// A name that cannot lead out of the folder.
  private static func isPlainFileName(_ name: String) -> Bool {
    name.hasSuffix(".safetensors") && name.utf8.count <= 255
      && name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
  }

  /// - Throws: `MODEL` when the index says that the tensor is elsewhere or nowhere.
  func check(_ tensor: String, isIn shard: String) throws(BSTKError) {
    guard let weightMap, weightMap[tensor] != shard else { return }
    let place = weightMap[tensor].map { "puts it in \($0)" } ?? "does not list it"
    throw BSTKError(
      .model, "\(shard) has a tensor \(tensor), but \(Self.indexFileName) \(place)",
      remedy: "download the model's folder again")
  }

  /// - Throws: `MODEL` when the index lists a tensor that no shard has.
  func checkComplete(isPresent: (String) -> Bool) throws(BSTKError) {
    guard let missing = weightMap?.keys.filter({ !isPresent($0) }).min() else { return }
    throw BSTKError(
      .model, "\(Self.indexFileName) lists a tensor \(missing) that its shard does not have",
      remedy: "download the model's folder again")
  }
}
