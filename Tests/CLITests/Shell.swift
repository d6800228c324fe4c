import Subprocess

/// One line for bash, for what only a shell can set up.
enum Shell {
  static func run(_ line: String) async throws -> (output: String, error: String) {
    let result = try await Subprocess.run(
      .name("bash"), arguments: ["-c", line], output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    return (result.standardOutput, result.standardError)
  }
}
