import BSTKTestSupport
import Foundation

/// A real nginx on loopback that serves one folder, with a configuration, log and process of its
/// own. It ends with the value.
final class WebServer {
  /// Where nginx may be; nil when it is not installed.
  static let program = ["/usr/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private let process = Process()
  private let logPath: String
  let port: Int
  let securePort: Int

  /// Starts a server.
  ///
  /// - Parameter certificate: A certificate and its key, for https as well.
  init?(
    _ folder: String, work: String, certificate: Certificate? = nil
  ) async throws {
    guard let program = Self.program else {
      print("skipped: nginx is not installed")
      return nil
    }
    // nginx cannot be given port 0, so a free one is found first.
    port = try TestSocket.listening().port
    securePort = try TestSocket.listening().port
    logPath = work + "/access.log"
    let secure =
      certificate.map {
        """
        server {
          listen 127.0.0.1:\(securePort) ssl;
          ssl_certificate \($0.path);
          ssl_certificate_key \($0.key);
          root \(folder);
          location /down.bstk { return 302 http://127.0.0.1:\(port)/m.bstk; }
        }
        """
      } ?? ""
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "\($0)_temp_path \(work)/\($0);" }.joined(separator: "\n")
    let configuration = """
      daemon off;
      master_process off;
      pid \(work)/nginx.pid;
      error_log \(work)/error.log;
      events {}
      http {
        log_format bytes '$status $body_bytes_sent "$http_range"';
        access_log \(logPath) bytes;
        sendfile on;
        \(paths)
        server {
          listen 127.0.0.1:\(port);
          root \(folder);
          location /gone/ { return 302 /m.bstk; }
        }
        \(secure)
      }
      """
    try configuration.write(toFile: work + "/nginx.conf", atomically: true, encoding: .utf8)
    process.executableURL = URL(filePath: program)
    process.arguments = ["-p", work, "-e", work + "/error.log", "-c", work + "/nginx.conf"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<500 where TestSocket.connected(to: port) == nil {
      try await Task.sleep(for: .seconds(0.01))
    }
  }

  deinit {
    // The threads of the test runner block polite signals, and children inherit that.
    kill(process.processIdentifier, SIGKILL)
  }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

  /// Body bytes of all answers so far, by the server's own log.
  var bodyByteCount: Int {
    get throws {
      try String(contentsOfFile: logPath, encoding: .utf8).split(separator: "\n")
        .reduce(0) { $0 + (Int($1.split(separator: " ")[1]) ?? 0) }
    }
  }
}
