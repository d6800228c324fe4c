internal import BSTKStore

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A chart of perplexity against megabytes, as an SVG file that needs nothing else.
///
/// Excess over the source model spans orders of magnitude, so perplexity stands on a logarithmic
/// axis; the source model is a dashed line.
struct PerplexityChart {
  private struct Point {
    let megabytes: Double
    let perplexity: Double
  }

  private static let width = 720.0
  private static let height = 440.0
  private static let plot = (left: 72.0, top: 48.0, right: 696.0, bottom: 376.0)

  private let title: String
  private let points: [Point]
  private let source: Double?

  init(_ report: EvalReport) {
    title = "Perplexity on \(report.text), windows of \(report.windowLength) tokens"
    points = report.rows.compactMap { row in
      guard let bytes = row.bytes, let perplexity = Self.drawable(row) else { return nil }
      return Point(megabytes: Double(bytes) / 1e6, perplexity: perplexity)
    }
    source = report.rows.first { $0.bytes == nil }.flatMap(Self.drawable)
  }

  /// The perplexity where an axis can hold it.
  private static func drawable(_ row: EvalReport.Row) -> Double? {
    row.perplexity.flatMap { $0 > 0 && $0 < 1e12 ? $0 : nil }
  }

  /// Writes the file.
  func write(to path: String) throws {
    var output = try AtomicOutput(path)
    try output.append(Array(svg.utf8).span)
    try output.commit()
  }

  /// The document.
  var svg: String {
    let values = points.map(\.perplexity) + (source.map { [$0] } ?? [])
    let low = (values.min() ?? 1) * 0.97
    let high = max((values.max() ?? 10) * 1.05, low * 1.1)
    let sizes = points.map(\.megabytes)
    let first = sizes.min() ?? 0
    let last = max(sizes.max() ?? 1, first + 1e-3)
    let plot = Self.plot
    func x(_ megabytes: Double) -> Double {
      plot.left + (megabytes - first) / (last - first) * (plot.right - plot.left)
    }
    func y(_ perplexity: Double) -> Double {
      let share = (log2(perplexity) - log2(low)) / (log2(high) - log2(low))
      return plot.bottom - share * (plot.bottom - plot.top)
    }
    var body: [String] = []
    for tick in Self.logarithmicTicks(from: low, to: high) {
      body.append(Self.line(plot.left, y(tick), plot.right, y(tick), "grid"))
      body.append(Self.text(plot.left - 8, y(tick) + 4, "end", Self.number(tick)))
    }
    for tick in Self.linearTicks(from: first, to: last) {
      body.append(Self.line(x(tick), plot.bottom, x(tick), plot.bottom + 5, "axis"))
      body.append(Self.text(x(tick), plot.bottom + 20, "middle", Self.number(tick)))
    }
    body.append(Self.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis"))
    if let source {
      body.append(Self.line(plot.left, y(source), plot.right, y(source), "source"))
      body.append(
        Self.text(plot.left + 8, y(source) - 7, "start", "source model \(Self.number(source))"))
    }
    let path = points.map { "\(Self.pixel(x($0.megabytes))),\(Self.pixel(y($0.perplexity)))" }
    body.append("<polyline class=\"curve\" points=\"\(path.joined(separator: " "))\"/>")
    for point in points {
      let (px, py) = (Self.pixel(x(point.megabytes)), Self.pixel(y(point.perplexity)))
      let label = "\(Self.number(point.megabytes)) MB: \(Self.number(point.perplexity))"
      body.append(
        "<circle class=\"dot\" cx=\"\(px)\" cy=\"\(py)\" r=\"3.5\"><title>\(label)</title></circle>"
      )
    }
    return document(body)
  }

  private func document(_ body: [String]) -> String {
    let (width, height) = (Int(Self.width), Int(Self.height))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
      width="\(width)" height="\(height)" role="img">
      <title>\(Self.escaped(title))</title>
      <style>
      text { font: 13px system-ui, sans-serif; fill: #333 }
      .title { font-size: 15px; font-weight: 600 }
      .grid { stroke: #ddd } .axis { stroke: #555 }
      .source { stroke: #b3541e; stroke-dasharray: 6 4 }
      .curve { fill: none; stroke: #1f5fa8; stroke-width: 2 } .dot { fill: #1f5fa8 }
      </style>
      <rect width="\(width)" height="\(height)" fill="#fff"/>
      <text class="title" x="\(Int(Self.plot.left))" y="28">\(Self.escaped(title))</text>
      \(body.joined(separator: "\n"))
      \(Self.text((Self.plot.left + Self.plot.right) / 2, Self.height - 20, "middle", "MB (10^6 bytes)"))
      </svg>

      """
  }

  // MARK: Ticks

  private static func linearTicks(from low: Double, to high: Double) -> [Double] {
    let step = niceStep((high - low) / 6)
    let first = (low / step).rounded(.up)
    return stride(from: first, through: (high / step).rounded(.down), by: 1).map { $0 * step }
  }

  /// Round numbers, close enough to label a span of any width.
  private static func logarithmicTicks(from low: Double, to high: Double) -> [Double] {
    if high / low < 3 { return linearTicks(from: low, to: high) }
    var ticks: [Double] = []
    var decade = 1.0
    while decade * 10 <= low { decade *= 10 }
    while decade <= high {
      ticks += [1.0, 1.5, 2, 3, 4, 5, 6, 8].map { $0 * decade }.filter { $0 >= low && $0 <= high }
      decade *= 10
    }
    return ticks
  }

  private static func niceStep(_ rough: Double) -> Double {
    var unit = 1e-9
    while unit * 10 <= rough { unit *= 10 }
    return [1.0, 2, 5, 10].map { $0 * unit }.first { $0 >= rough } ?? rough
  }

  // MARK: Elements

  private static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(pixel(x1))\" y1=\"\(pixel(y1))\" x2=\"\(pixel(x2))\""
      + " y2=\"\(pixel(y2))\"/>"
  }

  private static func text(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
    "<text x=\"\(pixel(x))\" y=\"\(pixel(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
  }

  private static func pixel(_ value: Double) -> String { ByteFormat.fixed(value, decimals: 1) }

  /// Three or four digits that matter.
  private static func number(_ value: Double) -> String {
    var text = ByteFormat.fixed(value, decimals: value < 100 ? 2 : value < 1_000 ? 1 : 0)
    while text.contains("."), text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default:
        // XML has no way to write most control characters.
        let isControl = character.unicodeScalars.contains {
          $0.properties.generalCategory == .control
        }
        result.append(isControl ? " " : character)
      }
    }
  }
}
