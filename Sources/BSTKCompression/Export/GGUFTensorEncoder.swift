internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKNumerics

/// Turns the elements of a tensor, as they come, into the bytes of a GGUF file.
struct GGUFTensorEncoder {
  private let item: GGUFExportPlan.Item
  /// Elements that are encoded together: whole rows, or whole heads where rows change places.
  private let unit: Int
  private var pending: [Float] = []

  init(_ item: GGUFExportPlan.Item) {
    self.item = item
    let shape = item.tensor.shape
    let width = shape.count == 1 ? 1 : shape[shape.count - 1]
    unit = width * (item.order?.rowCount ?? 1)
  }

  /// The bytes that are complete with the next elements.
  ///
  /// - Throws: `FLOAT` when an element has no place in the type.
  mutating func append(_ floats: Span<Float>) throws(BSTKError) -> [UInt8] {
    if pending.isEmpty, item.order == nil, floats.count % unit == 0 { return try encode(floats) }
    pending.reserveCapacity(pending.count + floats.count)
    for index in floats.indices { pending.append(floats[index]) }
    let count = pending.count / unit * unit
    defer { pending.removeFirst(count) }
    guard let order = item.order else { return try encode(pending.span.extracting(first: count)) }
    var ordered: [Float] = []
    ordered.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: unit) {
      ordered += order.inFileOrder(Array(pending[start..<start + unit]))
    }
    return try encode(ordered.span)
  }

  private func encode(_ floats: Span<Float>) throws(BSTKError) -> [UInt8] {
    switch item.tensor.type {
    case .f32: return FloatConversion.encode(floats, as: .f32)
    case .bf16: return FloatConversion.encode(floats, as: .bf16)
    case .f16:
      try HalfRange.check(floats, of: item.name)
      return FloatConversion.encode(floats, as: .f16)
    case .q8_0:
      try checkFinite(floats)
      return GGUFBlocks.encode(floats, as: .q8_0)
    case .q4_0:
      try checkFinite(floats)
      return GGUFBlocks.encode(floats, as: .q4_0)
    case .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K:
      preconditionFailure("nothing is written as \(item.tensor.type.name)")
    }
  }

  /// Scales are fp16 as well: the largest magnitude of a block divided by 8 at least.
  private func checkFinite(_ floats: Span<Float>) throws(BSTKError) {
    for index in floats.indices where !(abs(floats[index]) < 65520 * 8) {
      throw BSTKError(
        .float, "tensor \(item.name) has a value of \(floats[index]), too large to be quantized",
        remedy: "export as bf16")
    }
  }
}
