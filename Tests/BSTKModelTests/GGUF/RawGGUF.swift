/// The bytes of a GGUF file put together by hand, right or wrong.
struct RawGGUF {
  /// A row of the table of tensors and its data.
  struct Tensor {
    var name: String
    /// The file's number of the element type.
    var type: UInt32 = 0
    /// Innermost first.
    var dimensions: [UInt64]
    var data: [UInt8]
    /// Where the data are said to be; by default where they are.
    var offset: UInt64?
  }

  var signature = Array("GGUF".utf8)
  var version: UInt32 = 3
  /// What the header claims; by default the truth.
  var tensorCount: UInt64?
  var pairCount: UInt64?
  /// Keys with their types and values.
  var pairs: [(key: String, value: [UInt8])] = []
  var tensors: [Tensor] = []
  var alignment = 32

  static func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  static func string(_ text: String, length: UInt64? = nil) -> [UInt8] {
    number(length ?? UInt64(text.utf8.count)) + Array(text.utf8)
  }

  // MARK: Values with their types

  static func u32(_ value: UInt32) -> [UInt8] { number(UInt32(4)) + number(value) }
  static func f32(_ value: Float) -> [UInt8] { number(UInt32(6)) + number(value.bitPattern) }
  static func flag(_ value: Bool) -> [UInt8] { number(UInt32(7)) + [value ? 1 : 0] }
  static func text(_ value: String) -> [UInt8] { number(UInt32(8)) + string(value) }

  static func array(type: UInt32, count: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    number(UInt32(9)) + number(type) + number(count) + bytes
  }

  static func texts(_ values: [String]) -> [UInt8] {
    array(type: 8, count: UInt64(values.count), values.flatMap { string($0) })
  }

  static func integers(_ values: [Int32]) -> [UInt8] {
    array(type: 5, count: UInt64(values.count), values.flatMap(number))
  }

  static func floats(_ values: [Float]) -> [UInt8] {
    array(type: 6, count: UInt64(values.count), values.flatMap { number($0.bitPattern) })
  }

  // MARK: The file

  var bytes: [UInt8] {
    var bytes = signature + Self.number(version)
    bytes += Self.number(tensorCount ?? UInt64(tensors.count))
    bytes += Self.number(pairCount ?? UInt64(pairs.count))
    for pair in pairs { bytes += Self.string(pair.key) + pair.value }
    var data: [UInt8] = []
    for tensor in tensors {
      data += padding(data.count)
      bytes += Self.string(tensor.name) + Self.number(UInt32(tensor.dimensions.count))
      bytes += tensor.dimensions.flatMap(Self.number) + Self.number(tensor.type)
      bytes += Self.number(tensor.offset ?? UInt64(data.count))
      data += tensor.data
    }
    return bytes + padding(bytes.count) + data
  }

  private func padding(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (alignment - count % alignment) % alignment)
  }

  /// A file with one tensor of two fp32 elements.
  static let small = RawGGUF(
    pairs: [("general.architecture", text("llama"))],
    tensors: [Tensor(name: "a", dimensions: [2], data: [UInt8](repeating: 0, count: 8))])
}
