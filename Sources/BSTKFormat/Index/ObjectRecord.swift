/// Something of the model that is stored whole: a dense tensor or an auxiliary file
/// (Spec section "Object table").
public struct ObjectRecord: Hashable, Sendable {
  /// Bytes of a record.
  static let byteCount = 48
  /// Set in the kind byte of an object that a reader may ignore when it does not know its kind.
  private static let ignorableBit: UInt8 = 0x80
  /// The kind number of auxiliary files.
  static let auxiliaryKind: UInt8 = 1
  /// The kind number of dense tensors.
  private static let tensorKind: UInt8 = 2

  /// What an object is.
  public enum Contents: Hashable, Sendable {
    /// A file of the model folder, such as `config.json`, with its length in bytes.
    case auxiliary(byteCount: UInt64)
    /// A dense tensor; a scalar has no dimensions.
    case tensor(ElementType, dimensions: [Int])
    /// An object of a kind this release does not know but may ignore.
    case ignorable(kind: UInt8, byteCount: UInt64)
  }

  /// The tensor's or file's name.
  public let name: String
  /// What it is.
  public let contents: Contents

  /// Makes a record; its numbers are checked when a ``Manifest`` is made of it.
  public init(name: String, contents: Contents) {
    self.name = name
    self.contents = contents
  }

  /// The kind number, which orders the table before names do.
  var kind: UInt8 {
    switch contents {
    case .auxiliary: Self.auxiliaryKind
    case .tensor: Self.tensorKind
    case .ignorable(let kind, _): kind
    }
  }

  /// Whether the name is the name of a file rather than of a tensor.
  var isFile: Bool {
    if case .tensor = contents { false } else { true }
  }
}

extension ObjectRecord {
  /// A record whose name is still in the pool.
  struct Raw {
    let nameByteCount: UInt16
    let contents: Contents

    init(_ reader: inout ByteReader) throws(BSTKError) {
      let start = reader.offset
      func fault(_ code: BSTKError.Code, _ message: String, at delta: UInt64) -> BSTKError {
        BSTKError(code, message, offset: start + delta, section: .objectTable)
      }
      nameByteCount = try reader.u16()
      let kindByte = try reader.u8()
      let type = try reader.u8()
      let dimensionCount = try reader.u8()
      try reader.zeros(3)
      var dimensions: [UInt32] = []
      for _ in 0..<4 { dimensions.append(try reader.u32()) }
      let byteCount = try reader.u64()
      try reader.zeros(16)

      let kind = kindByte & ~ObjectRecord.ignorableBit
      let isIgnorable = kindByte != kind
      guard isIgnorable ? kind > ObjectRecord.tensorKind : (1...ObjectRecord.tensorKind) ~= kind
      else { throw fault(.unknownKind, "unknown object kind \(kindByte)", at: 2) }
      if kind == ObjectRecord.tensorKind {
        guard let element = ElementType(rawValue: type) else {
          throw fault(.unknownKind, "unknown element type \(type)", at: 3)
        }
        guard dimensionCount <= Limits.tensorDimensionCount else {
          throw fault(
            .limit,
            "\(dimensionCount) dimensions; the limit is \(Limits.tensorDimensionCount)", at: 4)
        }
        let used = dimensions[..<Int(dimensionCount)]
        guard dimensions[Int(dimensionCount)...].allSatisfy({ $0 == 0 }), byteCount == 0 else {
          throw fault(.reserved, "unused fields of a tensor must be zero", at: 8)
        }
        contents = .tensor(element, dimensions: used.map(Int.init))
        return
      }
      guard type == 0, dimensionCount == 0, dimensions.allSatisfy({ $0 == 0 }) else {
        throw fault(.reserved, "unused fields of an object must be zero", at: 3)
      }
      guard byteCount <= Limits.auxiliaryByteCount else {
        throw fault(
          .limit, "\(byteCount) bytes; the limit is \(Limits.auxiliaryByteCount)", at: 24)
      }
      contents =
        kind == ObjectRecord.auxiliaryKind
        ? .auxiliary(byteCount: byteCount) : .ignorable(kind: kind, byteCount: byteCount)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(UInt16(name.utf8.count))
    switch contents {
    case .tensor(let type, let dimensions):
      writer.u8(kind)
      writer.u8(type.rawValue)
      writer.u8(UInt8(dimensions.count))
      writer.zeros(3)
      for dimension in dimensions { writer.u32(UInt32(dimension)) }
      writer.zeros(4 * (4 - dimensions.count))
      writer.u64(0)
    case .auxiliary(let byteCount), .ignorable(_, let byteCount):
      writer.u8(kind | (kind == Self.auxiliaryKind ? 0 : Self.ignorableBit))
      writer.zeros(21)
      writer.u64(byteCount)
    }
    writer.zeros(16)
  }
}
