/// An answer as it came over the wire.
struct RawResponse {
  let status: Int
  let version: String
  /// Names in lower case.
  let fields: [(name: String, value: String)]
  var body: [UInt8]

  struct Malformed: Error {}

  init(_ bytes: [UInt8]) throws {
    guard
      let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<($0 + 4)] == [13, 10, 13, 10] })
    else { throw Malformed() }
    var lines = bytes[..<end].split(separator: 10).map { line in
      String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
    }
    let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
    guard words.count >= 2, let status = Int(words[1]) else { throw Malformed() }
    self.status = status
    version = String(words[0])
    fields = try lines.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw Malformed() }
      return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
    }
    body = Array(bytes[(end + 4)...])
  }

  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
