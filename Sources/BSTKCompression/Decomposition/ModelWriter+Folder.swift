internal import BSTKFormat
internal import BSTKModelFiles
internal import BSTKStore

extension ModelWriter {
  /// Adds what is stored as it is: a folder's auxiliary files, and its tensors but those that become
  /// blocks.
  mutating func add(
    _ folder: any ModelSource, except matrices: [TensorDescription],
    reporter: inout CompressionReporter, isCancelled: () -> Bool
  ) throws(BSTKError) {
    for name in folder.auxiliaryFiles {
      let bytes = try folder.auxiliaryBytes(name)
      try addAuxiliary(name: name, bytes.span)
    }
    let names = Set(matrices.map(\.name))
    let others = folder.tensors.filter { !names.contains($0.name) }
    for (index, tensor) in others.enumerated() {
      let start = reporter.doneByteCount
      try addTensor(name: tensor.name, type: tensor.type, dimensions: tensor.shape) {
        range throws(BSTKError) in
        reporter.doneByteCount = start + range.lowerBound
        reporter.event(.tensors, tensor.name, index: index, of: others.count)
        if isCancelled() { throw BSTKError(.cancelled, "the compression was cancelled") }
        var bytes = [UInt8](repeating: 0, count: range.count)
        var span = bytes.mutableSpan
        try folder.readBytes(of: tensor.name, from: range.lowerBound, into: &span)
        return bytes
      }
      reporter.doneByteCount = start + tensor.byteCount
    }
  }
}
