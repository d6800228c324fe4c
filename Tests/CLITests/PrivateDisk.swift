import BSTKTestSupport
import Foundation

/// A small disk in memory that only one script sees: a tmpfs in user and mount namespaces of its
/// own, gone when the script ends.
enum PrivateDisk {
  /// Whether the system lets us make one; said once when it does not.
  static let isAvailable = Task {
    let run = try? await Shell.run(
      "unshare -Urm bash -c 'mount -t tmpfs -o size=1m none /tmp && echo mounted'")
    let isAvailable = run?.output == "mounted\n"
    if !isAvailable { print("skipped: no user and mount namespaces: \(run?.error ?? "")") }
    return isAvailable
  }

  /// Runs lines of bash, stopping at none, in which `bstk` is the built program, the working folder
  /// is the disk and `disk OPTIONS` changes it.
  ///
  /// - Parameter options: As `mount -o` takes them for a tmpfs.
  static func run(_ options: String, _ lines: String) async throws -> (
    output: String, error: String
  ) {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.file("disk"), withIntermediateDirectories: false)
    let script = """
      set -e
      mount -t tmpfs -o '\(options)' none '\(folder.file("disk"))'
      cd '\(folder.file("disk"))'
      set +e
      bstk() { '\(Program.path)' "$@"; }
      disk() { mount -o "remount,$1" '\(folder.file("disk"))'; }
      \(lines)
      """
    try folder.write(Array(script.utf8), to: "script")
    return try await Shell.run("NO_COLOR=1 unshare -Urm bash '\(folder.file("script"))'")
  }
}
