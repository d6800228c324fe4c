import BSTKTestSupport
import Testing

@testable import BSTKServer

@Suite("Random input")
struct RandomInputTests {
  @Test("Ranges agree with a list of the bytes they name")
  func ranges() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      let size = Int.random(in: 0...12, using: &generator)
      let first = Bool.random(using: &generator) ? Int.random(in: 0...15, using: &generator) : nil
      let last = Bool.random(using: &generator) ? Int.random(in: 0...15, using: &generator) : nil
      let field = "bytes=\(first.map(String.init) ?? "")-\(last.map(String.init) ?? "")"
      let expected: [Int]? =
        switch (first, last) {
        case (nil, nil): nil
        case (nil, let count?): count > 0 && size == 0 ? nil : Array((0..<size).suffix(count))
        case (let first?, let last?) where last < first: nil
        case (let first?, let last): (0..<size).filter { $0 >= first && $0 <= last ?? size }
        }
      let found: [Int]? =
        switch RangeOutcome(field: field, size: UInt64(size)) {
        case .whole: nil
        case .part(let range): range.map { Int($0) }
        case .unsatisfiable: []
        }
      #expect(found == expected, "\(field) of \(size) bytes, seed \(seed)")
    }
  }

  @Test("No mutation of a request is more than refused")
  func requests() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let good = Array(
      "GET /sub/a%20b.txt?x HTTP/1.1\r\nHost: x\r\nRange: bytes=0-5\r\nContent-Length: 0".utf8)
    for _ in 0..<5_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0...2, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: index)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
        }
      }
      guard let request = try? HTTPRequest(head: bytes, maximumFields: 10) else { continue }
      _ = request.keepsAlive
      _ = HTTPDate(request.fields["range"] ?? "", now: HTTPDate(seconds: 0))
      guard let path = try? RequestPath(target: request.target) else { continue }
      for name in path.names {
        #expect(!name.isEmpty && name.first != UInt8(ascii: ".") && name.count <= 255)
        #expect(!name.contains(0) && !name.contains(UInt8(ascii: "/")))
      }
    }
  }
}
