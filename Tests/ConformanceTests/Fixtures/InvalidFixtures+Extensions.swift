extension InvalidFixtures {
  static var extensions: [FixtureCase] { records(of: recordFrames + contents) }

  private static func records(
    of list: [(name: String, code: String, bytes: [UInt8])]
  ) -> [FixtureCase] {
    list.map { entry in
      .edited("extension-\(entry.name)", "11", entry.code) { $0.extensions = entry.bytes }
    }
  }

  private static var recordFrames: [(name: String, code: String, bytes: [UInt8])] {
    let provenance = RawExtensions.record(1, Array("x".utf8))
    var padding = provenance
    padding[15] = 1
    return [
      ("repeated", "EXTENSION", provenance + provenance),
      ("descending", "EXTENSION", RawExtensions.record(9, []) + provenance),
      ("type-zero", "EXTENSION", RawExtensions.record(0, [])),
      ("unknown", "UNKNOWN_KIND", RawExtensions.record(4, flags: 0, [])),
      ("flags", "RESERVED", RawExtensions.record(1, flags: 3, Array("x".utf8))),
      ("padding", "RESERVED", padding),
      ("cut-head", "EXTENSION", provenance + [2, 0, 1, 0]),
      ("cut-payload", "EXTENSION", Array(provenance.dropLast(8))),
      ("length-wraps", "EXTENSION", [1, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
    ]
  }

  private static var contents: [(name: String, code: String, bytes: [UInt8])] {
    let label = [UInt8](repeating: 0x78, count: 256)
    var padding = RawExtensions.quality(points: [])
    padding[8 + 16 + 15] = 1
    return [
      ("provenance-control", "EXTENSION", RawExtensions.record(1, Array("a\u{1B}[2J".utf8))),
      ("provenance-c1-control", "EXTENSION", RawExtensions.record(1, Array("a\u{9B}2J".utf8))),
      ("provenance-not-utf8", "EXTENSION", RawExtensions.record(1, [0xC0, 0x80])),
      (
        "provenance-over-limit", "EXTENSION",
        RawExtensions.record(1, [UInt8](repeating: 0x78, count: 4097))
      ),
      ("worths-count", "EXTENSION", RawExtensions.worths([1, 2, 3, 4])),
      ("worths-length", "EXTENSION", RawExtensions.record(2, [0, 0, 0])),
      ("worths-nan", "FLOAT", RawExtensions.worths([1, 2, 3, .nan, 5])),
      ("quality-short", "EXTENSION", RawExtensions.record(3, [1, 0, 0, 0])),
      ("quality-metric", "EXTENSION", RawExtensions.quality(metric: 2, points: [])),
      ("quality-label-over-limit", "EXTENSION", RawExtensions.quality(label: label, points: [])),
      ("quality-label-control", "EXTENSION", RawExtensions.quality(label: [0x0A], points: [])),
      ("quality-label-not-utf8", "EXTENSION", RawExtensions.quality(label: [0xFF], points: [])),
      ("quality-label-padding", "RESERVED", padding),
      ("quality-count", "EXTENSION", RawExtensions.quality(count: 2, points: [(8, 1)])),
      ("quality-count-wraps", "EXTENSION", RawExtensions.quality(count: .max, points: [(8, 1)])),
      ("quality-point-reserved", "RESERVED", RawExtensions.quality(reserved: 1, points: [(8, 1)])),
      ("quality-infinite", "FLOAT", RawExtensions.quality(points: [(8, .infinity)])),
      ("quality-source-infinite", "FLOAT", RawExtensions.quality(source: -.infinity, points: [])),
      (
        "quality-source-infinite-and-point-reserved", "FLOAT",
        RawExtensions.quality(source: .infinity, reserved: 1, points: [(8, 1)])
      ),
      (
        "quality-first-infinite-second-reserved", "FLOAT",
        RawExtensions.quality(points: [(6, .infinity), (7, 1)]).replacing(at: 8 + 32 + 20, with: 1)
      ),
      (
        "quality-descending-then-infinite", "EXTENSION",
        RawExtensions.quality(points: [(6, 1), (5, 1), (7, .nan)])
      ),
      (
        "quality-descending-and-infinite", "FLOAT",
        RawExtensions.quality(points: [(6, 1), (5, .nan)])
      ),
      ("quality-descending", "EXTENSION", RawExtensions.quality(points: [(7, 1), (7, 1)])),
      ("quality-below-base", "EXTENSION", RawExtensions.quality(points: [(4, 1)])),
      ("quality-beyond-end", "EXTENSION", RawExtensions.quality(points: [(5, 1), (9, 1)])),
    ]
  }
}

extension [UInt8] {
  fileprivate func replacing(at index: Int, with byte: UInt8) -> [UInt8] {
    var bytes = self
    bytes[index] = byte
    return bytes
  }
}
