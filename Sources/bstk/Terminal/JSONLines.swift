#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Values as JSON, one to a line, keys in snake case and sorted, so that equal values give equal bytes.
enum JSONLines {
  /// The value on one line, without a line end.
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Prints the value as a line of data.
  static func print(_ value: some Encodable) throws {
    Console.out(try encode(value))
  }
}
