import BSTKServer
import BSTKTestSupport
import Foundation
import Subprocess
import Testing

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// A real nginx on loopback with a configuration and folders of its own.
struct Nginx: Sendable {
  /// The served folder's address, with a slash at the end.
  let address: String
  private let prefix: String

  /// Where nginx is installed; said once when it is not.
  static let path: String? = {
    let found = [
      "/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }
    if found == nil { print("skipped: no nginx on this machine") }
    return found
  }()

  /// One answered request.
  struct Entry {
    let status: Int
    let range: String
    let bytesSent: UInt64
  }

  struct NotReady: Error { let log: String }

  /// Serves `folder` while `body` runs.
  ///
  /// - Parameter bytesPerSecond: A limit for each connection; 0 for none.
  static func serving(
    _ folder: String, bytesPerSecond: Int = 0, _ body: @Sendable (Nginx) async throws -> Void
  ) async throws {
    let program = try #require(path)
    for attempt in 1...5 {
      let prefix = try TemporaryFolder()
      let port = try freePort()
      try prefix.write(
        Array(configuration(folder, prefix.path, port, bytesPerSecond).utf8), to: "nginx.conf")
      let server = Nginx(address: "http://127.0.0.1:\(port)/", prefix: prefix.path)
      do {
        _ = try await Subprocess.run(
          .path(FilePath(program)),
          arguments: [
            "-p", prefix.path, "-c", prefix.file("nginx.conf"), "-e", prefix.file("error.log"),
          ],
          input: .none, output: .discarded, error: .discarded
        ) { process in
          do {
            try await server.waitUntilReady()
            try await body(server)
          } catch {
            try process.send(signal: .terminate)
            throw error
          }
          try process.send(signal: .terminate)
        }
        return
      } catch let error as NotReady where attempt < 5 {
        // Somebody else may have taken the port in between.
        print("nginx did not start, trying another port: \(error.log)")
      }
    }
  }

  /// What was answered so far, in order.
  func log() throws -> [Entry] {
    let text = try String(contentsOfFile: prefix + "/access.log", encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      let words = line.split(separator: " ", maxSplits: 2)
      return Entry(
        status: try #require(Int(words[0])), range: String(words[2]),
        bytesSent: try #require(UInt64(words[1])))
    }
  }

  /// nginx writes its pid once it listens.
  private func waitUntilReady() async throws {
    for _ in 0..<500 {
      let pid = try? String(contentsOfFile: prefix + "/nginx.pid", encoding: .utf8)
      if pid?.isEmpty == false { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    let log = try? String(contentsOfFile: prefix + "/error.log", encoding: .utf8)
    throw NotReady(log: log ?? "no log")
  }

  private static func configuration(
    _ folder: String, _ prefix: String, _ port: UInt16, _ bytesPerSecond: Int
  ) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "  \($0)_temp_path \(prefix)/\($0);" }.joined(separator: "\n")
    return """
      \(getuid() == 0 ? "user root;" : "")
      daemon off;
      pid \(prefix)/nginx.pid;
      error_log \(prefix)/error.log;
      worker_processes 1;
      events { worker_connections 64; }
      http {
      \(temporary)
        log_format facts '$status $body_bytes_sent $http_range';
        access_log \(prefix)/access.log facts;
        server {
          listen 127.0.0.1:\(port);
          root \(folder);
          limit_rate \(bytesPerSecond);
        }
      }

      """
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> UInt16 {
    let server = RangeServer(root: "/")
    try server.start()
    defer { server.stop() }
    return server.port
  }
}
