/// Lends the bytes of several arrays at once, without allocating.
@unsafe struct PlanePointers {
  private(set) var starts = unsafe InlineArray<8, UnsafePointer<UInt8>?>(repeating: nil)

  /// - Precondition: at most 8 arrays.
  static func lend(_ arrays: [[UInt8]], _ body: (PlanePointers) -> Void) {
    precondition(arrays.count <= 8)
    var pointers = unsafe PlanePointers()
    unsafe pointers.add(arrays, from: 0, body)
  }

  private mutating func add(
    _ arrays: [[UInt8]], from index: Int, _ body: (PlanePointers) -> Void
  ) {
    guard index < arrays.count else {
      unsafe body(self)
      return
    }
    unsafe arrays[index].withUnsafeBufferPointer { bytes in
      unsafe starts[index] = bytes.baseAddress
      unsafe add(arrays, from: index + 1, body)
    }
  }

  /// Writes the pointers to a kernel's array of eight.
  func copy(
    to array:
      inout (
        UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?,
        UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?
      )
  ) {
    unsafe array = (
      starts[0], starts[1], starts[2], starts[3], starts[4], starts[5], starts[6], starts[7]
    )
  }
}
