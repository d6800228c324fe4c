import Foundation

/// Files that the Python safetensors library 0.8.0 wrote, small enough to live in the source.
enum PythonSafetensors {
  /// `safetensors.numpy.save` with metadata `format: pt` of
  /// b = fp32 [[1, 2, 3], [4, 5, 6]] / 4, h = fp16 [1.5, -0, 65504, 6e-8], i = int64 [-1, 2^40],
  /// flag = bool [true, false, true], s = fp64 scalar 2.5.
  static let mixed = bytes(
    """
    OAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsy
    XSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJzIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMi
    OlsxNiwyNF19LCJiIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsyNCw0OF19LCJo
    Ijp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls0XSwiZGF0YV9vZmZzZXRzIjpbNDgsNTZdfSwiZmxhZyI6eyJkdHlwZSI6
    IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls1Niw1OV19fSD//////////wAAAAAAAQAAAAAAAAAABEAA
    AIA+AAAAPwAAQD8AAIA/AACgPwAAwD8APgCA/3sBAAEAAQ==
    """)

  /// `safetensors.torch.save` without metadata of w = bf16 [[1, -2.5], [3.140625, 1e30]] and
  /// empty = fp32 of shape [0, 3].
  static let brain = bytes(
    """
    eAAAAAAAAAB7ImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOlswLDBdfSwi
    dyI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzAsOF19fSAgICCAPyDASUBKcQ==
    """)

  private static func bytes(_ base64: String) -> [UInt8] {
    [UInt8](Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data())
  }
}
