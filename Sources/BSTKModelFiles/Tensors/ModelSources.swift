public import BSTKFormat

/// Opens models as their makers published them.
public enum ModelSources {
  /// Opens a GGUF file or a Hugging Face folder, whichever `path` is.
  ///
  /// - Throws: what ``GGUFModel/init(path:)`` or ``HuggingFaceFolder/init(path:)`` throws.
  public static func open(_ path: String) throws(BSTKError) -> any ModelSource {
    if GGUFFile.isLikely(path) { return try GGUFModel(path: path) }
    return try HuggingFaceFolder(path: path)
  }
}
