package import BSTKFormat
internal import BSTKStore

/// Writes a GGUF file (version 3, little-endian) from front to back; memory does not grow with the
/// tensors.
///
/// The bytes depend on the arguments alone. The file has its name only after ``finish()``; a writer
/// that is dropped before that leaves nothing behind.
package struct GGUFWriter: ~Copyable {
  /// A tensor to be written.
  package struct Tensor: Hashable, Sendable {
    /// The name in the file.
    package let name: String
    /// How elements are stored.
    package let type: GGUFElementType
    /// The dimensions, outermost first.
    package let shape: [Int]

    /// Describes a tensor.
    ///
    /// - Precondition: the innermost dimension is a multiple of the type's blocks.
    package init(name: String, type: GGUFElementType, shape: [Int]) {
      precondition((shape.last ?? 0) % type.blockElementCount == 0, "rows are whole blocks")
      self.name = name
      self.type = type
      self.shape = shape
    }

    /// Bytes of the data.
    package var byteCount: Int {
      shape.reduce(1, *) / type.blockElementCount * type.blockByteCount
    }
  }

  private static let alignment = Int(GGUFHeader.defaultAlignment)

  private var file: AtomicOutput
  private var remaining: [Tensor]
  private var remainingByteCount = 0

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - metadata: Keys and values in their order; no key twice.
  ///   - tensors: In the order in which their data will be appended.
  /// - Throws: `GGUF` when a name is too long or there twice, `IO`.
  package init(
    path: String, metadata: [(key: String, value: GGUFValue)], tensors: [Tensor]
  ) throws(BSTKError) {
    var header = GGUFBytes()
    header.append(text: "GGUF")
    header.append(UInt32(3))
    header.append(UInt64(tensors.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata {
      header.append(string: key)
      header.append(value)
    }
    var names: Set<[UInt8]> = []
    var offset = 0
    for tensor in tensors {
      guard tensor.name.utf8.count < GGUFHeader.nameByteCount,
        names.insert(Array(tensor.name.utf8)).inserted
      else { throw GGUFHeader.fault("the name \(tensor.name) is too long or there twice", at: nil) }
      header.append(string: tensor.name)
      header.append(UInt32(tensor.shape.count))
      for dimension in tensor.shape.reversed() { header.append(UInt64(dimension)) }
      header.append(tensor.type.rawValue)
      header.append(UInt64(offset))
      offset += Self.padded(tensor.byteCount)
    }
    header.pad(to: Self.padded(header.bytes.count))
    var file = try AtomicOutput(path)
    try file.append(header.bytes.span)
    self.file = file
    remaining = tensors.reversed()
    remainingByteCount = remaining.last?.byteCount ?? 0
  }

  private static func padded(_ count: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }

  /// Appends the next bytes of the tensor at hand.
  ///
  /// - Precondition: no more bytes come than the tensor has.
  package mutating func append(_ bytes: Span<UInt8>) throws(BSTKError) {
    precondition(bytes.count <= remainingByteCount, "more bytes than the tensor has")
    try file.append(bytes)
    remainingByteCount -= bytes.count
  }

  /// Ends the tensor at hand.
  ///
  /// - Precondition: all its bytes have been appended.
  package mutating func endTensor() throws(BSTKError) {
    guard let tensor = remaining.popLast(), remainingByteCount == 0 else {
      preconditionFailure("the tensor is not complete")
    }
    let padding = Self.padded(tensor.byteCount) - tensor.byteCount
    try file.append([UInt8](repeating: 0, count: padding).span)
    remainingByteCount = remaining.last?.byteCount ?? 0
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Precondition: every tensor has been ended.
  package consuming func finish() throws(BSTKError) {
    precondition(remaining.isEmpty, "a tensor is missing")
    try file.commit()
  }
}

/// Bytes of a GGUF header as they grow.
private struct GGUFBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    for byte in 0..<Value.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte)))
    }
  }

  mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func append(string: String) {
    append(UInt64(string.utf8.count))
    append(text: string)
  }

  mutating func pad(to count: Int) {
    while bytes.count < count { bytes.append(0) }
  }

  /// A value after its type.
  mutating func append(_ value: GGUFValue) {
    append(value.type.rawValue)
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(value)
    case .uint16(let value): append(value)
    case .int16(let value): append(value)
    case .uint32(let value): append(value)
    case .int32(let value): append(value)
    case .float32(let value): append(value.bitPattern)
    case .bool(let value): append(value ? UInt8(1) : 0)
    case .string(let value): append(string: value)
    case .uint64(let value): append(value)
    case .int64(let value): append(value)
    case .float64(let value): append(value.bitPattern)
    case .strings(let values):
      append(GGUFValueType.string.rawValue)
      append(UInt64(values.count))
      for value in values { append(string: value) }
    case .numbers(let type, let data):
      append(type.rawValue)
      append(UInt64(data.count / (type.byteCount ?? 1)))
      bytes += data
    }
  }
}

extension GGUFValue {
  /// The type it is written with.
  fileprivate var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    case .strings, .numbers: .array
    }
  }
}
