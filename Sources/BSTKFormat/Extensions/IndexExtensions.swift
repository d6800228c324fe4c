/// What the index says beyond its tables (Spec section "Extensions"): typed records of which a
/// reader may ignore the unknown ones when they are marked so.
public struct IndexExtensions: Hashable, Sendable {
  /// How the file was made: tool, version and settings, as UTF-8 text without times or paths.
  public var provenance: String?
  /// The estimated worth of each block, in chunk order: the share of the model's loss that it
  /// removes, in a unit of the writer's choice that is the same throughout the file.
  public var worths: [Float]?
  /// Measured quality at some cut points.
  public var quality: QualityTable?

  /// Makes extensions; none by default.
  public init(provenance: String? = nil, worths: [Float]? = nil, quality: QualityTable? = nil) {
    self.provenance = provenance
    self.worths = worths
    self.quality = quality
  }
}

extension IndexExtensions {
  private static let provenanceType: UInt16 = 1
  private static let worthsType: UInt16 = 2
  private static let qualityType: UInt16 = 3
  private static let ignorableFlag: UInt16 = 1

  /// Parses the extension area, which `reader` must cover exactly.
  init(_ reader: inout ByteReader) throws(BSTKError) {
    self.init()
    var previous: UInt16 = 0
    while reader.remaining > 0 {
      let start = reader.offset
      guard reader.remaining >= 8 else {
        throw BSTKError(
          .extensionData, "\(reader.remaining) bytes are no extension", offset: start,
          section: .extensions)
      }
      let type = try reader.u16()
      let flags = try reader.u16()
      let byteCount = try reader.u32()
      guard type > previous else {
        throw BSTKError(
          .extensionData, "extension types must ascend; \(type) follows \(previous)",
          offset: start, section: .extensions)
      }
      previous = type
      guard flags & ~Self.ignorableFlag == 0 else {
        throw BSTKError(
          .reserved, "unknown flags of an extension", offset: start + 2, section: .extensions)
      }
      guard UInt64(byteCount).roundedUp(to: 8) <= UInt64(reader.remaining) else {
        throw BSTKError(
          .extensionData, "extension \(type) is longer than the extension area",
          offset: start + 4, section: .extensions)
      }
      var payload = ByteReader(
        try reader.span(Int(byteCount)), origin: start + 8, section: .extensions)
      try reader.zeros(Int(UInt64(byteCount).roundedUp(to: 8)) - Int(byteCount))
      try readPayload(type, isIgnorable: flags & Self.ignorableFlag != 0, from: &payload)
    }
  }

  private mutating func readPayload(
    _ type: UInt16, isIgnorable: Bool, from payload: inout ByteReader
  ) throws(BSTKError) {
    let start = payload.offset
    switch type {
    case Self.provenanceType:
      guard payload.remaining <= Limits.provenanceByteCount,
        let text = try payload.text(payload.remaining), Self.isProvenance(text)
      else { throw Self.provenanceFault(at: start) }
      provenance = text
    case Self.worthsType:
      var values: [Float] = []
      guard payload.remaining % 4 == 0 else {
        throw BSTKError(
          .extensionData, "the worths are not whole numbers of 4 bytes", offset: start,
          section: .extensions)
      }
      values.reserveCapacity(payload.remaining / 4)
      while payload.remaining > 0 {
        let at = payload.offset
        let value = try payload.f32()
        guard value.isFinite else {
          throw BSTKError(.float, "a worth is not finite", offset: at, section: .extensions)
        }
        values.append(value)
      }
      worths = values
    case Self.qualityType:
      quality = try QualityTable(&payload)
    default:
      guard isIgnorable else {
        throw BSTKError(
          .unknownKind, "unknown extension \(type) that must not be ignored", offset: start - 8,
          section: .extensions)
      }
    }
  }

  /// Checks what parsing checks, for extensions that were not parsed.
  func validateContents() throws(BSTKError) {
    if let provenance, !Self.isProvenance(provenance) { throw Self.provenanceFault(at: nil) }
    if let worths, !worths.allSatisfy(\.isFinite) {
      throw BSTKError(.float, "a worth is not finite", section: .extensions)
    }
    try quality?.validateContents()
  }

  /// Checks what depends on the chunk table.
  ///
  /// - Parameter chunkCounts: What a usable prefix can have.
  func validate(blockCount: Int, chunkCounts: ClosedRange<Int>) throws(BSTKError) {
    if let worths, worths.count != blockCount {
      throw BSTKError(
        .extensionData, "\(worths.count) worths for \(blockCount) blocks", section: .extensions)
    }
    // The counts ascend, so the first and the last speak for all.
    for point in [quality?.points.first, quality?.points.last] {
      if let point, !chunkCounts.contains(point.chunkCount) {
        throw BSTKError(
          .extensionData,
          "a quality point at \(point.chunkCount) chunks; cuts have \(chunkCounts.lowerBound) to"
            + " \(chunkCounts.upperBound)", section: .extensions)
      }
    }
  }

  private static func isProvenance(_ text: String) -> Bool {
    text.utf8.count <= Limits.provenanceByteCount && text.isPrintable(lineBreaks: true)
  }

  private static func provenanceFault(at offset: UInt64?) -> BSTKError {
    BSTKError(
      .extensionData,
      "the provenance is not printable UTF-8 of at most \(Limits.provenanceByteCount) bytes",
      offset: offset, section: .extensions)
  }

  func write(to writer: inout ByteWriter) {
    func append(_ type: UInt16, _ payload: ByteWriter) {
      writer.u16(type)
      writer.u16(Self.ignorableFlag)
      writer.u32(UInt32(payload.bytes.count))
      writer.raw(payload.bytes)
      writer.pad(to: 8)
    }
    if let provenance {
      var payload = ByteWriter()
      payload.raw(provenance.utf8)
      append(Self.provenanceType, payload)
    }
    if let worths {
      var payload = ByteWriter(capacity: 4 * worths.count)
      for worth in worths { payload.f32(worth) }
      append(Self.worthsType, payload)
    }
    if let quality {
      var payload = ByteWriter()
      quality.write(to: &payload)
      append(Self.qualityType, payload)
    }
  }
}
