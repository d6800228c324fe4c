/// Where in a model in memory a matrix is.
enum MatrixPlace: Hashable, Sendable {
  /// The embedding, where the output head is another matrix.
  case embedding
  /// The output head, which may be the embedding as well.
  case head
  /// One of the linear layers of a decoder layer, by its place among the roles.
  case linear(layer: Int, position: Int)
}

extension ModelConfiguration {
  /// Where each matrix of the model is, by its tensor's name.
  var matrixPlaces: [String: MatrixPlace] {
    var places = [
      (tiesEmbeddings ? Transformer.embeddingName : Transformer.untiedHeadName): MatrixPlace.head
    ]
    if !tiesEmbeddings { places[Transformer.embeddingName] = .embedding }
    for layer in linearLayers {
      places[layer.weightName] = .linear(layer: layer.layer, position: layer.role.position)
    }
    return places
  }
}
