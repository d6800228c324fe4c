import Foundation
import Synchronization
import Testing

@testable import BSTKServer

/// A server over a folder of its own, both gone at the end of `body`.
///
///     root/data.bin     1000 bytes, byte i is i modulo 251
///     root/empty.bin    no bytes
///     root/.hidden      not served
///     root/sub/a b.txt  "spaced"
///     secret.txt        beside the root, never served
final class ServedFixture: Sendable {
  let folder: URL
  let server: RangeServer
  private let records: Records

  /// Where the log goes, so that it can be read back.
  final class Records: Sendable {
    private let all = Mutex<[RequestRecord]>([])
    func append(_ record: RequestRecord) { all.withLock { $0.append(record) } }
    var list: [RequestRecord] { all.withLock { $0 } }
  }

  static let data = (0..<1_000).map { UInt8($0 % 251) }

  var root: URL { folder.appending(path: "root") }

  init(limits: ServerLimits = ServerLimits(), listsDirectories: Bool = true) throws {
    let manager = FileManager.default
    folder = manager.temporaryDirectory.appending(path: "bstk-server-\(UUID().uuidString)")
    let root = folder.appending(path: "root")
    try manager.createDirectory(
      at: root.appending(path: "sub"), withIntermediateDirectories: true)
    try Data(Self.data).write(to: root.appending(path: "data.bin"))
    try Data().write(to: root.appending(path: "empty.bin"))
    try Data("hidden".utf8).write(to: root.appending(path: ".hidden"))
    try Data("spaced".utf8).write(to: root.appending(path: "sub/a b.txt"))
    try Data("secret".utf8).write(to: folder.appending(path: "secret.txt"))
    let records = Records()
    self.records = records
    server = RangeServer(
      root: root.path, limits: limits, listsDirectories: listsDirectories
    ) { records.append($0) }
    try server.start()
  }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Stops the server and returns everything it logged.
  func finish() -> [RequestRecord] {
    server.stop()
    return records.list
  }

  /// Sends one request on a connection of its own and returns the answer.
  func request(
    _ method: String, _ target: String, _ fields: [String] = [], version: String = "HTTP/1.1"
  ) throws -> RawResponse {
    let client = try RawClient(port: server.port)
    let lines = ["\(method) \(target) \(version)", "Host: localhost"] + fields + ["", ""]
    client.send(lines.joined(separator: "\r\n"))
    return try client.receiveResponse(hasBody: method != "HEAD")
  }

  /// The entity tag and the date of `data.bin`.
  func validators() throws -> (tag: String, date: String) {
    let response = try request("HEAD", "/data.bin")
    return (try #require(response["etag"]), try #require(response["last-modified"]))
  }

  /// Makes `data.bin` old enough for its date to be a strong validator.
  func age() throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 784_111_777)],
      ofItemAtPath: root.appending(path: "data.bin").path)
  }
}
