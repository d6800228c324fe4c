/// `bstk` under strace, which makes system calls fail that would not fail here by themselves.
enum Strace {
  /// Whether it is installed and allowed; said once when it is not.
  static let isAvailable = Task {
    let run = try? await Shell.run(
      "strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO true && echo works")
    let isAvailable = run?.output == "works\n"
    if !isAvailable { print("skipped: no strace that may trace: \(run?.error ?? "")") }
    return isAvailable
  }

  /// Runs `bstk` under strace with options; the output ends with a line `status N`.
  static func run(
    _ options: [String], _ arguments: [String]
  ) async throws -> (output: String, error: String) {
    let words = (options + ["--", Program.path] + arguments).map { "'\($0)'" }
    return try await Shell.run(
      "NO_COLOR=1 strace -f -qq -o /dev/null \(words.joined(separator: " ")); echo status $?")
  }
}
