package import BSTKFormat

internal import BSTKCodec
internal import BSTKStore

extension BSTKWeights {
  /// Every floating-point tensor, coded in levels or stored as it is.
  package var floatTensors: [TensorDescription] {
    get throws(BSTKError) {
      var tensors: [TensorDescription] = []
      for matrix in manifest.matrixTensors {
        tensors.append(
          try TensorDescription(
            name: matrix.name, type: matrix.sourceType, shape: [matrix.rows, matrix.columns]))
      }
      for object in manifest.objects {
        guard case .tensor(let type, let shape) = object.contents, type.isFloatingPoint else {
          continue
        }
        tensors.append(try TensorDescription(name: object.name, type: type, shape: shape))
      }
      return tensors
    }
  }

  /// Lends the elements of a tensor as fp32, row-major, some at a time.
  ///
  /// - Precondition: the tensor is one of ``floatTensors``.
  /// - Throws: what reading and decoding the chunks throws, and what `body` throws.
  package func forEachRun(
    of name: String, _ body: (Span<Float>) throws(BSTKError) -> Void
  ) throws(BSTKError) {
    if let matrix = matrixTensor(named: name) {
      return try forEachStrip(of: matrix) { _, strip throws(BSTKError) in try body(strip) }
    }
    guard let number = tensorNumber(named: name),
      case .tensor(let type, _) = manifest.objects[number].contents
    else { preconditionFailure("\(name) was listed and is no tensor of the file") }
    let decoder = try ChunkDecoder()
    try file.forEachTile(ofObject: number, decoder: decoder) { tile throws(BSTKError) in
      var floats = [Float](repeating: 0, count: tile.count / type.byteCount)
      var span = floats.mutableSpan
      FloatConversion.decode(tile.span, type: type, into: &span, at: 0)
      try body(floats.span)
    }
  }

  /// The bytes of a file that belongs to the model besides its weights, or nil.
  package func auxiliaryBytes(_ name: String) throws(BSTKError) -> [UInt8]? {
    let number = manifest.objects.firstIndex { object in
      if case .auxiliary = object.contents { object.name == name } else { false }
    }
    guard let number else { return nil }
    return try file.object(number, decoder: ChunkDecoder())
  }
}
