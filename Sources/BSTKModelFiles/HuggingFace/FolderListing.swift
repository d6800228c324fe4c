internal import BSTKFormat
internal import BSTKStore

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The file names of a model folder.
struct FolderListing {
  /// Files that belong to a model besides its weights. Anything else in a folder (texts, logs,
  /// weights in other formats) is nobody's business to publish.
  private static let auxiliaryNames: Set<String> = [
    "LICENSE", "LICENSE.md", "LICENSE.txt", "README.md", "added_tokens.json",
    "chat_template.jinja", "chat_template.json", "config.json", "generation_config.json",
    "merges.txt", "special_tokens_map.json", "tokenizer.json", "tokenizer.model",
    "tokenizer_config.json", "vocab.json",
  ]

  private let names: Set<String>

  /// Lists a folder.
  ///
  /// - Throws: `MODEL` when there is no such folder.
  init(path: String) throws(BSTKError) {
    do {
      names = Set(try FileManager.default.contentsOfDirectory(atPath: path))
    } catch {
      throw BSTKError(
        .model, "\(path) is not a folder that can be read",
        remedy: "name the folder of a model in the Hugging Face layout")
    }
  }

  func contains(_ name: String) -> Bool { names.contains(name) }

  /// Whether a file of that ending is here.
  func containsFile(endingIn suffix: String) -> Bool { names.contains { $0.hasSuffix(suffix) } }

  /// The auxiliary files that are here, sorted.
  var auxiliaryFiles: [String] {
    names.intersection(Self.auxiliaryNames)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The bytes of a file that is small by nature.
  ///
  /// - Throws: `LIMIT` above the size of an auxiliary file, `IO` when it cannot be read.
  static func bytes(ofSmallFile path: String) throws(BSTKError) -> [UInt8] {
    try BSTKStore.FileHandle(path, .read).allBytes(limit: Limits.auxiliaryByteCount)
  }
}
