internal import BSTKFormat
internal import BSTKStore

/// What precedes the data in a GGUF file: metadata and the table of tensors.
///
/// Source: ggml's `docs/gguf.md`, versions 2 and 3, little-endian. Stricter than it in that tensors
/// must not share bytes, and in bounds for everything that is kept in memory.
struct GGUFHeader: Sendable {
  /// Bytes of a key; the specification's limit.
  static let keyByteCount: UInt64 = (1 << 16) - 1
  /// Bytes of a tensor's name; the specification's limit.
  static let nameByteCount: UInt64 = 64
  /// Bytes of a text in the metadata; chat templates have some thousands.
  static let textByteCount: UInt64 = 16 << 20
  /// Elements of an array in the metadata; the largest vocabularies have a quarter of a million.
  static let arrayElementCount: UInt64 = 1 << 22
  /// Bytes of metadata and table.
  static let byteCount: UInt64 = 256 << 20
  static let pairCount: UInt64 = 1 << 16
  static let tensorCount: UInt64 = 1 << 16
  static let dimensionCount: UInt32 = 4
  /// What data are aligned to where the metadata say nothing.
  static let defaultAlignment: UInt64 = 32
  private static let maximumAlignment: UInt64 = 1 << 20

  let metadata: GGUFMetadata
  /// The tensors in the order of the table.
  let tensors: [GGUFTensor]

  /// Reads and checks a header.
  ///
  /// - Throws: `GGUF` with the offset of the fault for what the format forbids,
  ///   `MODEL_UNSUPPORTED` for versions, byte orders and element types that bstk does not read, `IO`
  ///   when the file cannot be read.
  init(of source: any ByteSource) throws(BSTKError) {
    var cursor = try GGUFCursor(source)
    try Self.checkVersion(&cursor)
    let tensorCount = try Self.count(
      &cursor, limit: Self.tensorCount, leastByteCount: 24, "tensors")
    let pairCount = try Self.count(&cursor, limit: Self.pairCount, leastByteCount: 13, "metadata")
    var values: [String: GGUFValue] = [:]
    var keys: Set<[UInt8]> = []
    for _ in 0..<pairCount {
      let start = cursor.offset
      let key = try cursor.string("a key", upTo: Self.keyByteCount)
      guard !key.isEmpty, keys.insert(Array(key.utf8)).inserted else {
        throw Self.fault("the key \(key.prefix(100)) is empty or stands twice", at: start)
      }
      values[key] = try Self.value(&cursor)
      try Self.checkLength(cursor)
    }
    metadata = GGUFMetadata(values)
    let alignment = try Self.alignment(values)
    var entries: [GGUFTensorEntry] = []
    var names: Set<[UInt8]> = []
    for _ in 0..<tensorCount {
      let entry = try GGUFTensorEntry(&cursor)
      guard names.insert(Array(entry.name.utf8)).inserted else {
        throw Self.fault("two tensors have the name \(entry.name)", at: entry.position)
      }
      entries.append(entry)
      try Self.checkLength(cursor)
    }
    let padding = (alignment - cursor.offset % alignment) % alignment
    // Files without tensors, such as vocabularies, may end right here.
    let dataStart = cursor.offset + (entries.isEmpty ? 0 : padding)
    tensors = try entries.map { entry throws(BSTKError) in
      try entry.tensor(
        dataStart: dataStart, alignment: alignment, fileByteCount: cursor.byteCount)
    }
    try Self.checkOverlap(tensors)
  }

  private static func checkVersion(_ cursor: inout GGUFCursor) throws(BSTKError) {
    guard try cursor.u32("the signature") == 0x4655_4747 else {
      throw fault("the first four bytes are not GGUF", at: 0)
    }
    let version = try cursor.u32("the version")
    guard version & 0xFFFF != 0 || version == 0 else {
      throw BSTKError(
        .modelUnsupported, "the GGUF file is big-endian", offset: 4,
        remedy: "take the little-endian file of this model")
    }
    guard version == 2 || version == 3 else {
      throw BSTKError(
        .modelUnsupported, "GGUF version \(version) is not known, only 2 and 3", offset: 4,
        remedy: "convert the model with a current llama.cpp")
    }
  }

  /// A count of things of which each takes some bytes at least.
  private static func count(
    _ cursor: inout GGUFCursor, limit: UInt64, leastByteCount: UInt64, _ what: StaticString
  ) throws(BSTKError) -> UInt64 {
    let start = cursor.offset
    let count = try cursor.u64("the counts")
    guard count <= limit, count <= cursor.remaining / leastByteCount else {
      throw fault(
        "the number of \(what), \(count), is above \(limit) or more than the file has room for",
        at: start)
    }
    return count
  }

  private static func checkLength(_ cursor: GGUFCursor) throws(BSTKError) {
    guard cursor.offset <= byteCount else {
      throw fault("metadata and table have more than \(byteCount) bytes", at: byteCount)
    }
  }

  private static func alignment(_ values: [String: GGUFValue]) throws(BSTKError) -> UInt64 {
    guard let value = values["general.alignment"] else { return defaultAlignment }
    guard case .uint32(let number) = value, number > 0, number & (number - 1) == 0,
      UInt64(number) <= maximumAlignment
    else {
      throw fault(
        "general.alignment is not a 32-bit power of two up to \(maximumAlignment)", at: nil)
    }
    return UInt64(number)
  }

  private static func checkOverlap(_ tensors: [GGUFTensor]) throws(BSTKError) {
    let sorted = tensors.sorted { $0.fileOffset < $1.fileOffset }
    for (tensor, next) in zip(sorted, sorted.dropFirst())
    where next.fileOffset - tensor.fileOffset < UInt64(tensor.byteCount) {
      throw fault(
        "the data of tensors \(tensor.name) and \(next.name) overlap", at: next.fileOffset)
    }
  }

  // MARK: Values

  private static func value(_ cursor: inout GGUFCursor) throws(BSTKError) -> GGUFValue {
    switch try type(&cursor) {
    case .uint8: .uint8(try cursor.u8("a value"))
    case .int8: .int8(Int8(bitPattern: try cursor.u8("a value")))
    case .uint16: .uint16(try cursor.u16("a value"))
    case .int16: .int16(Int16(bitPattern: try cursor.u16("a value")))
    case .uint32: .uint32(try cursor.u32("a value"))
    case .int32: .int32(Int32(bitPattern: try cursor.u32("a value")))
    case .float32: .float32(Float(bitPattern: try cursor.u32("a value")))
    case .bool: .bool(try cursor.u8("a value") != 0)
    case .string: .string(try cursor.string("a text", upTo: textByteCount))
    case .array: try array(&cursor)
    case .uint64: .uint64(try cursor.u64("a value"))
    case .int64: .int64(Int64(bitPattern: try cursor.u64("a value")))
    case .float64: .float64(Double(bitPattern: try cursor.u64("a value")))
    }
  }

  private static func type(_ cursor: inout GGUFCursor) throws(BSTKError) -> GGUFValueType {
    let start = cursor.offset
    let number = try cursor.u32("a type")
    guard let type = GGUFValueType(rawValue: number) else {
      throw fault("a value has the unknown type \(number)", at: start)
    }
    return type
  }

  private static func array(_ cursor: inout GGUFCursor) throws(BSTKError) -> GGUFValue {
    let start = cursor.offset
    let type = try type(&cursor)
    let count = try cursor.u64("a length")
    // A text has the eight bytes of its length at least.
    let leastByteCount = UInt64(type.byteCount ?? 8)
    guard count <= arrayElementCount, count <= cursor.remaining / leastByteCount else {
      throw fault(
        "an array claims \(count) elements; the limit is \(arrayElementCount), and each takes"
          + " \(leastByteCount) bytes of the \(cursor.remaining) left", at: start)
    }
    switch type {
    case .array:
      throw fault("an array of arrays", at: start)
    case .string:
      var texts: [String] = []
      for _ in 0..<count {
        texts.append(try cursor.string("a text", upTo: textByteCount))
        try checkLength(cursor)
      }
      return .strings(texts)
    case .uint8, .int8, .uint16, .int16, .uint32, .int32, .float32, .bool, .uint64, .int64,
      .float64:
      return .numbers(type, try cursor.bytes(count * leastByteCount, "an array"))
    }
  }

  static func fault(_ message: String, at offset: UInt64?) -> BSTKError {
    BSTKError(.gguf, message, offset: offset, remedy: "download the file again")
  }
}
