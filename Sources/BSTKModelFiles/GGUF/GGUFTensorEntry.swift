internal import BSTKFormat

/// A row of a GGUF file's table of tensors, before its place in the file is known to be one.
struct GGUFTensorEntry {
  let name: String
  /// Where the row begins in the file, for messages.
  let position: UInt64
  private let type: GGUFElementType
  private let shape: [Int]
  /// The place of the data behind the start of all data.
  private let offset: UInt64

  /// Reads a row and checks all but the place of the data.
  ///
  /// - Throws: `GGUF`; `MODEL_UNSUPPORTED` for an element type that is known and not read.
  init(_ cursor: inout GGUFCursor) throws(BSTKError) {
    position = cursor.offset
    name = try cursor.string("a tensor's name", upTo: GGUFHeader.nameByteCount)
    guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else {
      throw GGUFHeader.fault("a tensor's name is empty or has control characters", at: position)
    }
    let count = try cursor.u32("a table row")
    guard (1...GGUFHeader.dimensionCount).contains(count) else {
      throw GGUFHeader.fault(
        "tensor \(name) has \(count) dimensions; 1 to \(GGUFHeader.dimensionCount) are possible",
        at: position)
    }
    var dimensions: [UInt64] = []
    for _ in 0..<count { dimensions.append(try cursor.u64("a table row")) }
    let number = try cursor.u32("a table row")
    offset = try cursor.u64("a table row")
    guard let type = GGUFElementType(rawValue: number) else {
      guard let other = GGUFElementType.otherNames[number] else {
        throw GGUFHeader.fault("tensor \(name) has the unknown type \(number)", at: position)
      }
      throw BSTKError(
        .modelUnsupported, "tensor \(name) has elements of type \(other), which bstk cannot read",
        offset: position, remedy: "take the F16, BF16, Q8_0 or Q6_K file of this model")
    }
    self.type = type
    shape = try Self.shape(dimensions, type: type, name: name, position: position)
  }

  private static func shape(
    _ dimensions: [UInt64], type: GGUFElementType, name: String, position: UInt64
  ) throws(BSTKError) -> [Int] {
    // Every product is one of a whole number of blocks' bytes, so that nothing later can overflow.
    var bytes = type.blockByteCount
    var shape: [Int] = []
    for (index, dimension) in dimensions.enumerated() {
      let isFirst = index == 0
      guard let size = Int(exactly: dimension), size > 0,
        !isFirst || size % type.blockElementCount == 0
      else {
        throw GGUFHeader.fault(
          "tensor \(name) has a dimension of \(dimension), which is out of range or no multiple of"
            + " \(type.blockElementCount)", at: position)
      }
      let product = bytes.multipliedReportingOverflow(
        by: isFirst ? size / type.blockElementCount : size)
      guard !product.overflow, product.partialValue <= .max / type.blockElementCount else {
        throw GGUFHeader.fault("the shape of tensor \(name) is too large", at: position)
      }
      bytes = product.partialValue
      shape.append(size)
    }
    return shape.reversed()
  }

  /// The tensor, where its data lie inside the file.
  func tensor(
    dataStart: UInt64, alignment: UInt64, fileByteCount: UInt64
  ) throws(BSTKError) -> GGUFTensor {
    guard offset % alignment == 0 else {
      throw GGUFHeader.fault(
        "the data of tensor \(name) are not aligned to \(alignment) bytes", at: position)
    }
    guard dataStart <= fileByteCount, offset <= fileByteCount - dataStart else {
      throw GGUFHeader.fault("the data of tensor \(name) begin behind the file", at: position)
    }
    let tensor = GGUFTensor(
      name: name, type: type, shape: shape, fileOffset: dataStart + offset)
    guard UInt64(tensor.byteCount) <= fileByteCount - tensor.fileOffset else {
      throw GGUFHeader.fault("the file ends inside tensor \(name)", at: fileByteCount)
    }
    return tensor
  }
}
