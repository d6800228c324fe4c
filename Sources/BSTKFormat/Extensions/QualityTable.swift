/// Measured quality at some cut points, so that a client can be told what a budget buys before it
/// pays (Spec section "Quality table").
public struct QualityTable: Hashable, Sendable {
  /// What was measured.
  public enum Metric: UInt16, Hashable, Sendable {
    /// The exponential of the mean negative log-likelihood per predicted token; lower is better.
    case perplexity = 1
  }

  /// The value at one cut.
  public struct Point: Hashable, Sendable {
    /// Whole chunks of the prefix that was measured.
    public let chunkCount: Int
    /// The metric's value for that prefix.
    public let value: Double

    /// Makes a point.
    public init(chunkCount: Int, value: Double) {
      self.chunkCount = chunkCount
      self.value = value
    }
  }

  /// What was measured.
  public let metric: Metric
  /// What it was measured on, for people; such as the name of a text and a window length.
  public let label: String
  /// The uncompressed model's value, or NaN when it was not measured.
  public let sourceValue: Double
  /// The measurements, chunk counts ascending.
  public let points: [Point]

  /// Makes a table.
  ///
  /// - Precondition: `label` has at most ``Limits/labelByteCount`` bytes.
  public init(metric: Metric, label: String, sourceValue: Double, points: [Point]) {
    precondition(label.utf8.count <= Limits.labelByteCount, "the label is too long")
    self.metric = metric
    self.label = label
    self.sourceValue = sourceValue
    self.points = points
  }

  /// The value of the largest measured prefix of at most `chunkCount` chunks.
  public func value(atChunkCount chunkCount: Int) -> Double? {
    points.last { $0.chunkCount <= chunkCount }?.value
  }

  /// Two tables are equal when their bytes are; NaN equals NaN.
  public static func == (a: Self, b: Self) -> Bool {
    a.metric == b.metric && a.label == b.label && a.points == b.points
      && a.sourceValue.bitPattern == b.sourceValue.bitPattern
  }
}

extension QualityTable {
  init(_ reader: inout ByteReader) throws(BSTKError) {
    let start = reader.offset
    func fault(_ message: String) -> BSTKError {
      BSTKError(.extensionData, message, offset: start, section: .extensions)
    }
    guard reader.remaining >= 16 else { throw fault("a quality table has at least 16 bytes") }
    let metricNumber = try reader.u16()
    let labelByteCount = try reader.u16()
    let count = try reader.u32()
    sourceValue = try reader.f64()
    guard let metric = Metric(rawValue: metricNumber) else {
      throw fault("unknown quality metric \(metricNumber)")
    }
    self.metric = metric
    guard labelByteCount <= Limits.labelByteCount else {
      throw fault("the label has more than \(Limits.labelByteCount) bytes")
    }
    guard Int(labelByteCount).roundedUp(to: 8) <= reader.remaining else {
      throw fault("the label is longer than the extension")
    }
    guard let label = try reader.text(Int(labelByteCount)),
      label.isPrintable(lineBreaks: false)
    else { throw fault("the label is not printable UTF-8") }
    self.label = label
    try reader.zeros(Int(labelByteCount).roundedUp(to: 8) - Int(labelByteCount))
    // The count is compared through division so that it never sizes anything unchecked.
    guard reader.remaining % 16 == 0, reader.remaining / 16 == Int(count) else {
      throw fault("\(count) points do not take the \(reader.remaining) bytes that are left")
    }
    guard !sourceValue.isInfinite else { throw Self.notFinite(at: start + 8) }
    var points: [Point] = []
    points.reserveCapacity(Int(count))
    while reader.remaining > 0 {
      let offset = reader.offset
      let chunkCount = try reader.u32()
      try reader.zeros(4)
      let point = Point(chunkCount: Int(chunkCount), value: try reader.f64())
      try point.validate(after: points.last, at: offset)
      points.append(point)
    }
    self.points = points
  }

  /// Checks what parsing checks, for a table that was not parsed.
  func validateContents() throws(BSTKError) {
    guard label.isPrintable(lineBreaks: false) else {
      throw BSTKError(.extensionData, "the label is not printable", section: .extensions)
    }
    guard !sourceValue.isInfinite else { throw Self.notFinite(at: nil) }
    for (index, point) in points.enumerated() {
      try point.validate(after: index == 0 ? nil : points[index - 1], at: nil)
    }
  }

  fileprivate static func notFinite(at offset: UInt64?) -> BSTKError {
    BSTKError(.float, "a measured value is not finite", offset: offset, section: .extensions)
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(metric.rawValue)
    writer.u16(UInt16(label.utf8.count))
    writer.u32(UInt32(points.count))
    writer.f64(sourceValue)
    writer.raw(label.utf8)
    writer.pad(to: 8)
    for point in points {
      writer.u32(UInt32(point.chunkCount))
      writer.u32(0)
      writer.f64(point.value)
    }
  }
}

extension QualityTable.Point {
  fileprivate func validate(after previous: Self?, at offset: UInt64?) throws(BSTKError) {
    guard value.isFinite else { throw QualityTable.notFinite(at: offset.map { $0 + 8 }) }
    if let previous, previous.chunkCount >= chunkCount {
      throw BSTKError(
        .extensionData, "the chunk counts of quality points must ascend", offset: offset,
        section: .extensions)
    }
  }
}
