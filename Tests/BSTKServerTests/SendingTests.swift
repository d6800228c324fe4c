import Foundation
import Testing

@testable import BSTKServer

@Suite("Sending under load and change")
struct SendingTests {
  @Test("Many requests at once each get their own bytes")
  func concurrent() async throws {
    let fixture = try ServedFixture()
    let big = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try Data(big).write(to: fixture.root.appending(path: "big.bin"))
    await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<12 {
        group.addTask {
          for turn in 0..<10 {
            let first = client * 20_000 + turn * 777
            let response = try fixture.request(
              "GET", "/big.bin", ["Range: bytes=\(first)-\(first + 9_999)"])
            #expect(response.body == Array(big[first..<(first + 10_000)]))
          }
        }
      }
    }
    #expect(fixture.finish().count == 120)
  }

  @Test("More connections than the cap wait their turn and are all answered")
  func capped() async throws {
    var limits = ServerLimits()
    limits.connections = 2
    limits.idleMilliseconds = 20
    let fixture = try ServedFixture(limits: limits)
    let clients = try (0..<6).map { _ in try RawClient(port: fixture.server.port) }
    for client in clients {
      client.send("GET /data.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    }
    for client in clients { #expect(try client.receiveResponse().body == ServedFixture.data) }
  }

  @Test("A file cut short while it is sent ends the connection, and the log says how far it got")
  func truncated() throws {
    let fixture = try ServedFixture()
    let path = fixture.root.appending(path: "long.bin")
    let size = 64 << 20
    #expect(FileManager.default.createFile(atPath: path.path, contents: nil))
    let handle = try FileHandle(forWritingTo: path)
    try handle.truncate(atOffset: UInt64(size))
    let client = try RawClient(port: fixture.server.port)
    client.send("GET /long.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    // The buffers between us hold far less than the file, so the server is still sending.
    var received = client.receive(4_096).count
    try handle.truncate(atOffset: 4_096)
    received += client.receiveAll().count
    #expect(received < size)
    let record = try #require(fixture.finish().first)
    #expect(record.status == 200 && record.bytesSent < UInt64(size))
  }

  @Test("A peer that leaves in the middle harms nobody else")
  func abandoned() throws {
    let fixture = try ServedFixture()
    let path = fixture.root.appending(path: "long.bin")
    #expect(FileManager.default.createFile(atPath: path.path, contents: nil))
    try FileHandle(forWritingTo: path).truncate(atOffset: 64 << 20)
    do {
      let client = try RawClient(port: fixture.server.port)
      client.send("GET /long.bin HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = client.receive(1_000)
    }
    #expect(try fixture.request("GET", "/data.bin").body == ServedFixture.data)
    let records = fixture.finish()
    #expect(records.count == 2)
    #expect(records.contains { $0.path == "/long.bin" && $0.bytesSent < 64 << 20 })
  }

  @Test("stop() ends at once with connections idle, half-way in a request, and half-way in a body")
  func stops() throws {
    var limits = ServerLimits()
    limits.idleMilliseconds = 600_000
    limits.headMilliseconds = 600_000
    limits.sendMilliseconds = 600_000
    let fixture = try ServedFixture(limits: limits)
    let path = fixture.root.appending(path: "long.bin")
    #expect(FileManager.default.createFile(atPath: path.path, contents: nil))
    try FileHandle(forWritingTo: path).truncate(atOffset: 64 << 20)
    let idle = try RawClient(port: fixture.server.port)
    let asking = try RawClient(port: fixture.server.port)
    asking.send("GET /data")
    let reading = try RawClient(port: fixture.server.port)
    reading.send("GET /long.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = reading.receive(100)
    let records = fixture.finish()
    #expect(records.contains { $0.path == "/long.bin" && $0.bytesSent < 64 << 20 })
    #expect(idle.receiveAll().isEmpty)
    fixture.server.stop()
  }

  @Test("A server can be started again, and a port in use is an error with the address in it")
  func restarts() throws {
    let fixture = try ServedFixture()
    let port = fixture.server.port
    let second = RangeServer(root: fixture.root.path, port: port)
    #expect {
      try second.start()
    } throws: { error in
      "\(error)".contains("127.0.0.1:\(port)")
    }
    fixture.server.stop()
    try fixture.server.start()
    #expect(try fixture.request("GET", "/data.bin").status == 200)
  }

  @Test("A folder that is missing, or no folder, is an error that names it")
  func badRoot() throws {
    let fixture = try ServedFixture()
    for name in ["missing", "data.bin"] {
      let path = fixture.root.appending(path: name).path
      #expect {
        try RangeServer(root: path).start()
      } throws: { error in
        "\(error)".contains(path)
      }
    }
  }
}
