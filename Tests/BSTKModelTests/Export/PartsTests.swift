import BSTKFormat
import BSTKNumerics
import BSTKStore
import BSTKTestSupport
import Testing

@testable import BSTKModelFiles

/// A tensor in parts is one tensor to whoever reads weights.
@Suite("Tensors in parts")
struct PartsTests {
  private let folder: TemporaryFolder
  private let file: ModelFile

  init() throws {
    folder = try TemporaryFolder()
    try SyntheticModel.parts.write(to: folder.file("m.bstk"))
    file = try ModelFile(folder.file("m.bstk"))
  }

  /// The weights of every part, one below the other.
  private func joined(_ tensor: MatrixTensor, _ weights: BSTKWeights) throws -> [Float] {
    try tensor.parts.flatMap { number in
      let record = file.manifest.matrices[number]
      var part = [Float](repeating: 0, count: record.elementCount)
      var span = part.mutableSpan
      try weights.packedMatrix(number).reconstruct(rows: 0..<record.rows, into: &span)
      return part
    }
  }

  @Test func `a name stands for all rows, at every cut`() throws {
    let manifest = file.manifest
    for count in manifest.baseChunkCount...manifest.chunks.count {
      let weights = try BSTKWeights(file, chunkCount: count)
      for tensor in manifest.matrixTensors {
        #expect(weights.shape(of: tensor.name) == [tensor.rows, tensor.columns])
        let expected = try joined(tensor, weights)
        #expect(expected.count == tensor.elementCount)
        #expect(try weights.loadFloats(tensor.name) == expected)
        var strips: [Float] = []
        try weights.forEachStrip(of: tensor) { rows, strip throws(BSTKError) in
          #expect(rows.lowerBound * tensor.columns == strips.count)
          for index in strip.indices { strips.append(strip[index]) }
          #expect(rows.upperBound * tensor.columns == strips.count)
        }
        #expect(strips == expected)
      }
    }
    let weights = try BSTKWeights(file)
    #expect(weights.matrixTensor(named: "b.weight") == manifest.matrixTensors[1])
    #expect(weights.matrixTensor(named: "model.norm.weight") == nil)
  }

  @Test func `a part fills its own rows`() throws {
    let tensor = file.manifest.matrixTensors[1]
    let weights = try BSTKWeights(file)
    let whole = try weights.loadMatrix(tensor)
    var changed = try weights.loadMatrix(tensor, levels: 1)
    for number in tensor.parts {
      let rows = file.manifest.matrices[number].tensorRows
      let before = changed
      var span = changed.mutableSpan
      try weights.loadMatrix(number, into: &span)
      let elements = (rows.lowerBound * tensor.columns)..<(rows.upperBound * tensor.columns)
      #expect(changed[elements] == whole[elements] && before[elements] != whole[elements])
      #expect(changed[..<elements.lowerBound] == before[..<elements.lowerBound])
      #expect(changed[elements.upperBound...] == before[elements.upperBound...])
    }
    #expect(changed == whole)
  }

  @Test func `parts grow to the levels of a larger prefix`() throws {
    let manifest = file.manifest
    let small = try BSTKWeights(file, chunkCount: manifest.baseChunkCount)
    let large = try BSTKWeights(file)
    for tensor in manifest.matrixTensors {
      var matrix = try small.loadMatrix(tensor.name)
      #expect(try matrix.floats() == small.loadFloats(tensor.name))
      try large.grow(&matrix, named: tensor.name, from: small.levelCounts)
      let whole = try large.loadFloats(tensor.name)
      #expect(matrix.floats() == whole)
      var row = [Float](repeating: 0, count: tensor.columns)
      for number in 0..<tensor.rows {
        var span = row.mutableSpan
        matrix.row(number, into: &span)
        #expect(row[...] == whole[number * tensor.columns..<(number + 1) * tensor.columns])
      }
    }
  }

  @Test func `an exported folder has whole tensors`() throws {
    let output = folder.file("out")
    var options = ExportOptions()
    options.elementType = .f32
    let weights = try BSTKWeights(file)
    try Exporter(options: options).export(weights, to: output)
    let exported = try HuggingFaceFolder(path: output)
    let manifest = file.manifest
    #expect(exported.tensors.count == manifest.matrixTensors.count + 1)
    for tensor in manifest.matrixTensors {
      #expect(exported.tensor(named: tensor.name)?.shape == [tensor.rows, tensor.columns])
      #expect(try exported.loadFloats(tensor.name) == joined(tensor, weights))
    }
  }
}
