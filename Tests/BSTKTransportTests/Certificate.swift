import BSTKTestSupport
import Foundation

/// A certificate for 127.0.0.1 and its key, in a folder.
struct Certificate {
  let path: String
  let key: String

  /// Makes one with openssl; nil, said once, where that is not installed.
  init?(in folder: TemporaryFolder) async throws {
    key = folder.file("key.pem")
    path = folder.file("cert.pem")
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", path,
      "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
    ]
    openssl.standardError = FileHandle.nullDevice
    // Waiting in place would take a thread that other tests need.
    try await withCheckedThrowingContinuation { continuation in
      openssl.terminationHandler = { _ in continuation.resume() }
      do { try openssl.run() } catch { continuation.resume(throwing: error) }
    }
    guard openssl.terminationStatus == 0 else {
      print("skipped: openssl is not installed")
      return nil
    }
  }
}
