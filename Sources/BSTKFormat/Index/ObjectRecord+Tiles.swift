extension ObjectRecord {
  /// The decoded bytes of the whole object.
  ///
  /// - Precondition: the record passed ``validate(at:)``.
  public var byteCount: UInt64 {
    switch contents {
    case .auxiliary(let byteCount), .ignorable(_, let byteCount): byteCount
    case .tensor(let type, let dimensions):
      dimensions.reduce(UInt64(type.byteCount)) { $0 * UInt64($1) }
    }
  }

  /// The decoded bytes of every tile but the last.
  ///
  /// A tensor is cut between rows (indices of the first dimension), as many of them as fit into
  /// ``Limits/tileByteCount`` but at least one; everything else is cut at that many bytes.
  public var tileByteCount: UInt64 {
    guard case .tensor(_, let dimensions) = contents, dimensions.count > 1 else {
      return Limits.tileByteCount
    }
    let row = byteCount / UInt64(dimensions[0])
    return max(Limits.tileByteCount / row, 1) * row
  }

  /// The number of tiles, which is the number of chunks.
  public var tileCount: Int { Int(byteCount.dividedRoundingUp(by: tileByteCount)) }

  /// The decoded bytes of tile `index`.
  ///
  /// - Precondition: `index` is below ``tileCount``.
  public func byteCount(ofTile index: Int) -> Int {
    let start = UInt64(index) * tileByteCount
    return Int(min(tileByteCount, byteCount - start))
  }

  /// What the payload of tile `index` is made of.
  ///
  /// - Precondition: `index` is below ``tileCount``.
  public func layout(ofTile index: Int) -> ChunkLayout {
    let count = byteCount(ofTile: index)
    return switch contents {
    case .auxiliary: .file(byteCount: count)
    case .tensor(let type, _): .tensor(byteCount: count, elementByteCount: type.byteCount)
    case .ignorable: .ignorable(byteCount: count)
    }
  }

  /// Whether the record stands before `other` in the table.
  public func precedes(_ other: ObjectRecord) -> Bool {
    kind < other.kind || kind == other.kind && name.utf8.lexicographicallyPrecedes(other.name.utf8)
  }

  /// Checks the shape and size on their own, which is all that a name does not say.
  ///
  /// - Parameter offset: The offset of the record in its file, for error messages.
  /// - Throws: `LIMIT` or `SHAPE`.
  public func validate(at offset: UInt64 = 0) throws(BSTKError) {
    switch contents {
    case .auxiliary(let byteCount), .ignorable(_, let byteCount):
      guard byteCount <= Limits.auxiliaryByteCount else {
        throw BSTKError(
          .limit, "\(name) has \(byteCount) bytes; the limit is \(Limits.auxiliaryByteCount)",
          offset: offset + 24, section: .objectTable)
      }
    case .tensor(let type, let dimensions):
      guard dimensions.count <= Int(Limits.tensorDimensionCount) else {
        throw BSTKError(
          .limit,
          "\(name) has \(dimensions.count) dimensions; the limit is \(Limits.tensorDimensionCount)",
          offset: offset + 4, section: .objectTable)
      }
      var total = UInt64(type.byteCount)
      for dimension in dimensions {
        guard dimension > 0 else {
          throw BSTKError(
            .shape, "\(name) has a dimension of zero", offset: offset + 8, section: .objectTable)
        }
        // A product within the limit of 2^40 times a dimension below 2^32 may wrap.
        let (product, overflow) = total.multipliedReportingOverflow(by: UInt64(dimension))
        guard !overflow, dimension <= UInt32.max, product <= Limits.tensorByteCount else {
          throw BSTKError(
            .limit, "\(name) has more than \(Limits.tensorByteCount) bytes", offset: offset + 8,
            section: .objectTable)
        }
        total = product
      }
      guard dimensions.count < 2 || total / UInt64(dimensions[0]) <= Limits.chunkByteCount else {
        throw BSTKError(
          .limit, "a row of \(name) has more than \(Limits.chunkByteCount) bytes",
          offset: offset + 8, section: .objectTable)
      }
    }
  }
}
