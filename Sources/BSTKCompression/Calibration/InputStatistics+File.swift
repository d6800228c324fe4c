public import BSTKFormat
internal import BSTKModelFiles

extension InputStatistics {
  private static let normsSuffix = ".input_norms"
  private static let momentsSuffix = ".input_second_moments"
  private static let metadataKey = "bstk_calibration"

  /// Saves the statistics as a safetensors file: for each layer `NAME.input_norms` [in] and, where
  /// they were gathered, `NAME.input_second_moments` [in, in], fp32.
  public func write(to path: String) throws(BSTKError) {
    var descriptions: [TensorDescription] = []
    var contents: [[Float]] = []
    for (name, layer) in layers.sorted(by: { $0.key < $1.key }) {
      let width = layer.channelNorms.count
      descriptions.append(
        try TensorDescription(name: name + Self.normsSuffix, type: .f32, shape: [width]))
      contents.append(layer.channelNorms)
      if let moments = layer.secondMoments {
        descriptions.append(
          try TensorDescription(
            name: name + Self.momentsSuffix, type: .f32, shape: [width, width]))
        contents.append(moments)
      }
    }
    let byName = Dictionary(uniqueKeysWithValues: zip(descriptions.map(\.name), contents))
    var writer = try SafetensorsWriter(
      path: path, tensors: descriptions,
      metadata: [Self.metadataKey: "windows=\(windowCount) length=\(windowLength)"])
    for tensor in writer.tensors {
      let bytes = (byName[tensor.name] ?? []).flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      try writer.append(bytes.span)
    }
    try writer.finish()
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: `MODEL` when the file is no calibration or has values that are not finite, else
  ///   what ``SafetensorsFile/init(path:)`` throws.
  public init(path: String) throws(BSTKError) {
    let file = try SafetensorsFile(path: path)
    let fields = (file.metadata[Self.metadataKey] ?? "").split(separator: " ")
      .compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
    guard fields.count == 2, fields.allSatisfy({ $0 > 0 }) else {
      throw BSTKError(
        .model, "\(path) is not a calibration", remedy: "make one with `bstk calibrate`")
    }
    var layers: [String: Layer] = [:]
    for tensor in file.tensors where tensor.name.hasSuffix(Self.normsSuffix) {
      let name = String(tensor.name.dropLast(Self.normsSuffix.count))
      let norms = try Self.floats(tensor, of: file, path: path)
      guard norms.allSatisfy({ $0 >= 0 }) else {
        throw BSTKError(.model, "\(path): \(tensor.name) has norms below zero")
      }
      let moments = file.tensor(named: name + Self.momentsSuffix)
      guard moments.map({ $0.description.shape == [norms.count, norms.count] }) ?? true else {
        throw BSTKError(.model, "\(path): the moments of \(name) do not fit its norms")
      }
      layers[name] = Layer(
        channelNorms: norms,
        secondMoments: try moments.map { moments throws(BSTKError) in
          try Self.floats(moments, of: file, path: path)
        })
    }
    self.init(layers: layers, windowCount: fields[0], windowLength: fields[1])
  }

  private static func floats(
    _ tensor: SafetensorsTensor, of file: SafetensorsFile, path: String
  ) throws(BSTKError) -> [Float] {
    var values = [Float](repeating: 0, count: tensor.description.elementCount)
    var span = values.mutableSpan
    try file.readFloats(of: tensor, from: 0, into: &span)
    guard values.allSatisfy({ $0.isFinite }) else {
      throw BSTKError(.model, "\(path): \(tensor.name) has values that are not finite")
    }
    return values
  }
}
