internal import BSTKModelFiles
internal import BSTKFormat
internal import BSTKModelFiles
internal import BSTKStore

/// Hidden states of windows before each layer, on disk, so that memory does not grow with layers.
///
/// The file has no name once it is open: the system takes it away with the process.
struct HiddenStateFile: ~Copyable {
  private let file: FileHandle
  private let windowCount: Int
  /// Elements of one window's states.
  private let stride: Int

  /// Creates the file in the folder of `path`.
  init(beside path: String, windowCount: Int, elementCount: Int) throws(BSTKError) {
    let name = FileSystem.temporarySibling(of: path, suffix: "states")
    let file = try FileHandle(name, .createNew)
    try FileSystem.remove(name)
    self.file = file
    self.windowCount = windowCount
    stride = elementCount
  }

  /// Keeps a window's states before a layer.
  func write(_ states: Span<Float>, window: Int, layer: Int) throws(BSTKError) {
    precondition(states.count == stride)
    try file.write(
      FloatConversion.encode(states, as: .f32).span, at: offset(window: window, layer: layer))
  }

  /// Reads them back.
  func read(window: Int, layer: Int, into states: inout [Float]) throws(BSTKError) {
    precondition(states.count == stride)
    let start = Int(offset(window: window, layer: layer))
    let bytes = try file.bytes(start..<start + stride * MemoryLayout<Float>.size)
    var span = states.mutableSpan
    FloatConversion.decode(bytes.span, type: .f32, into: &span, at: 0)
  }

  private func offset(window: Int, layer: Int) -> UInt64 {
    UInt64(layer * windowCount + window) * UInt64(stride * MemoryLayout<Float>.size)
  }
}
