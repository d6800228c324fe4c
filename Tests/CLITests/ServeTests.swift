import BSTKTestSupport
import Foundation
import Subprocess
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif
#if canImport(System)
  import System
#else
  import SystemPackage
#endif

@Suite("bstk serve")
struct ServeTests {
  @Test("Prints its address as data, logs requests as talk, and Ctrl-C ends it with 0")
  func serves() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("0123456789".utf8), to: "digits")
    let result = try await Subprocess.run(
      .path(FilePath(Program.path)), arguments: ["serve", folder.path, "--port", "0"],
      input: .none, output: .sequence, error: .string(limit: 1 << 16)
    ) { program in
      for try await line in program.standardOutput.strings() {
        let address = line.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(address.hasPrefix("http://127.0.0.1:"))
        var request = URLRequest(url: try #require(URL(string: address + "digits")))
        request.setValue("bytes=2-4", forHTTPHeaderField: "Range")
        let (data, response) = try await URLSession.shared.data(for: request)
        #expect((response as? HTTPURLResponse)?.statusCode == 206)
        #expect(String(decoding: data, as: UTF8.self) == "234")
        try program.send(signal: .interrupt)
      }
    }
    #expect(result.terminationStatus == .exited(0))
    #expect(result.standardError.contains("206 GET /digits bytes=2-4 3 B"))
    #expect(result.standardError.hasSuffix("stopped\n"))
  }

  @Test("A folder that cannot be served is a failure with its reason")
  func missing() async throws {
    let run = try await Program.run(["serve", "/does-not-exist", "--port", "0"])
    #expect(run.code == 2 && run.output.isEmpty)
    #expect(run.error.hasPrefix("error[SERVER]: open folder /does-not-exist: "))
  }
}
