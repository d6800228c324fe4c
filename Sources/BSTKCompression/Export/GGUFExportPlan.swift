internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKFormat

/// Which tensors of a model go into a GGUF file, in which order and as what.
struct GGUFExportPlan {
  /// A tensor of the model and what it becomes.
  struct Item {
    /// The model's name of it.
    let name: String
    let tensor: GGUFWriter.Tensor
    /// The order that each head's rows are brought into, where it is not the library's.
    let order: GGUFHeadOrder?
  }

  let items: [Item]
  /// Matrices whose rows are not whole blocks, which stay fp16.
  private(set) var unquantized: [String] = []

  init(
    _ tensors: [TensorDescription], architecture: GGUFArchitecture,
    type: GGUFExportOptions.ElementType
  ) throws(BSTKError) {
    let family = architecture.family
    let isTied = architecture.configuration.tiesEmbeddings
    var items: [(key: (Int, Int), item: Item)] = []
    for tensor in tensors {
      // What follows from the configuration is not stored in GGUF files.
      if tensor.name.hasSuffix(".rotary_emb.inv_freq") { continue }
      if isTied, tensor.name == Transformer.untiedHeadName { continue }
      guard let name = family.fileName(tensor.name), (1...2).contains(tensor.shape.count) else {
        throw BSTKError(
          .modelUnsupported,
          "llama.cpp's \(family.architecture) models have no tensor like \(tensor.name)")
      }
      let isHead =
        tensor.name == Transformer.untiedHeadName
        || isTied && tensor.name == Transformer.embeddingName
      var stored = isHead ? type.head : type.matrices
      if tensor.shape.count == 1 {
        stored = .f32
      } else if tensor.shape[1] % stored.blockElementCount != 0 {
        unquantized.append(tensor.name)
        stored = .f16
      }
      let item = Item(
        name: tensor.name,
        tensor: GGUFWriter.Tensor(name: name, type: stored, shape: tensor.shape),
        order: try Self.order(of: tensor, architecture))
      items.append((Self.place(of: tensor.name), item))
    }
    self.items = items.sorted { left, right in
      left.key == right.key
        ? left.item.tensor.name.utf8.lexicographicallyPrecedes(right.item.tensor.name.utf8)
        : left.key < right.key
    }.map(\.item)
  }

  private static func order(
    of tensor: TensorDescription, _ architecture: GGUFArchitecture
  ) throws(BSTKError) -> GGUFHeadOrder? {
    guard let heads = architecture.family.permutedHeads(tensor.name, architecture.heads) else {
      return nil
    }
    guard tensor.shape[0] % (2 * heads) == 0 else {
      throw BSTKError(
        .model, "tensor \(tensor.name) has \(tensor.shape[0]) rows for \(heads) heads")
    }
    return GGUFHeadOrder(rowCount: tensor.shape[0] / heads)
  }

  /// The embedding first, then the layers by their numbers, then the rest.
  private static func place(of name: String) -> (Int, Int) {
    if name == Transformer.embeddingName { return (0, 0) }
    let parts = name.split(separator: ".")
    guard parts.count > 2, parts[1] == "layers", let number = Int(parts[2]) else { return (2, 0) }
    return (1, number)
  }
}
