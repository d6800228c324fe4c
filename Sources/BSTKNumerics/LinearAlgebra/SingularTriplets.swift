/// The leading singular triplets of a matrix: A ≈ Σ σ_i · left_i · right_i^T, σ descending.
struct SingularTriplets {
  /// σ_i.
  var values: [Float]
  /// Unit left vectors, one after the other, count × rows; zero where σ is 0.
  var left: [Float]
  /// Unit right vectors, one after the other, count × columns.
  var right: [Float]
}
