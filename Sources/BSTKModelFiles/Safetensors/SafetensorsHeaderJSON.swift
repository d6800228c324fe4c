internal import BSTKFormat

/// The JSON of a safetensors header as it stands in the file, before anything is checked.
struct SafetensorsHeaderJSON: Decodable {
  /// One tensor.
  struct Entry {
    let name: String
    let type: String
    let shape: [UInt64]
    let offsets: [UInt64]
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String]?

  private struct Fields: Decodable {
    let dtype: String
    let shape: [UInt64]
    let data_offsets: [UInt64]
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        let fields = try container.decode(Fields.self, forKey: key)
        entries.append(
          Entry(
            name: key.stringValue, type: fields.dtype, shape: fields.shape,
            offsets: fields.data_offsets))
      }
    }
  }
}

extension SafetensorsHeaderJSON.Entry {
  /// Element types of the format that bstk knows by name and does not read.
  private static let unsupportedTypes: Set<String> = [
    "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3", "F6_E3M2", "F4",
    "C64",
  ]
  private static let types = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { ($0.name, $0) })

  /// The checked description.
  func description() throws(BSTKError) -> TensorDescription {
    guard !name.isEmpty, name.utf8.count <= 1024,
      name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else {
      throw SafetensorsHeader.fault(
        "a tensor's name is empty, above 1024 bytes or has control characters", at: 8)
    }
    guard let element = Self.types[type] else {
      if Self.unsupportedTypes.contains(type) {
        throw BSTKError(
          .modelUnsupported, "tensor \(name) has elements of type \(type), which bstk cannot read",
          remedy: "start from the model's BF16, F16 or F32 weights")
      }
      throw SafetensorsHeader.fault("tensor \(name) has the unknown element type \(type)", at: 8)
    }
    let dimensions = shape.compactMap { Int(exactly: $0) }
    guard dimensions.count == shape.count else {
      throw SafetensorsHeader.fault("the shape \(shape) of tensor \(name) is too large", at: 8)
    }
    do {
      return try TensorDescription(name: name, type: element, shape: dimensions)
    } catch {
      throw SafetensorsHeader.fault(error.message, at: 8)
    }
  }
}
