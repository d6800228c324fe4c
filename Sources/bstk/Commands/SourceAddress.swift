internal import ArgumentParser
internal import BSTKFormat
internal import BSTKStore

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Addresses as people write them.
enum SourceAddress {
  private static let schemes = ["http", "https", "file"]

  /// Whether the text names something on a server rather than a file.
  static func isAddress(_ text: String) -> Bool {
    schemes.contains { text.lowercased().hasPrefix($0 + "://") }
  }

  /// Refuses what can never be fetched before the network is asked.
  static func check(_ text: String) throws {
    guard let mark = text.firstRange(of: "://") else {
      throw ValidationError(notAddress(text))
    }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard schemes.contains(scheme) else {
      throw ValidationError("\(scheme) addresses are not supported; use http, https or file.")
    }
    guard text == text.printable, !text.contains(where: \.isWhitespace) else {
      throw ValidationError(
        "An address has no spaces or control characters; write %20 for a space.")
    }
    let parts = text[mark.upperBound...].split(
      separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let host = parts[0].prefix { !"/?".contains($0) }
    if scheme == "file" {
      guard ["", "localhost", "127.0.0.1"].contains(host), parts[0].contains("/") else {
        throw ValidationError("The address of a local file has three slashes: file:///folder/file.")
      }
    } else if host.isEmpty {
      throw ValidationError("The address names no host; write it like https://example.org/m.bstk.")
    }
    if parts.count > 1 { try checkFragment(parts[1]) }
  }

  /// The host as people know it, without user and password; empty for a local file.
  static func host(of text: String) -> Substring {
    guard let mark = text.firstRange(of: "://"), !text.lowercased().hasPrefix("file") else {
      return ""
    }
    let authority = text[mark.upperBound...].prefix { !"/?#".contains($0) }
    return authority.split(separator: "@").last ?? ""
  }

  /// The decoded last part of the address's path.
  static func fileName(of text: String) throws -> String {
    let path = text.prefix { $0 != "?" && $0 != "#" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    // Before the path stand the scheme, nothing, and the host.
    let last = parts.count > 3 ? parts.last : nil
    guard let name = last.flatMap(decoded), !["", ".", "..", "-"].contains(name),
      !name.contains("/"), name == name.printable
    else { throw ValidationError("The address names no file; choose one with -o.") }
    return name
  }

  /// The text with `%41` as `A`; nil when that is malformed.
  private static func decoded(_ text: Substring) -> String? {
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    var bytes = Array(parts[0].utf8)
    for part in parts.dropFirst() {
      let digits = part.prefix(2)
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let byte = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(byte)
      bytes += part.dropFirst(2).utf8
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func checkFragment(_ fragment: Substring) throws {
    guard fragment.hasPrefix("root="), Digest(hex: fragment.dropFirst(5)) != nil else {
      throw ValidationError(
        "Behind # an address may pin its model: #root= in lower case, then 64 hexadecimal digits.")
    }
  }

  private static func notAddress(_ text: String) -> String {
    let example = "write it like https://example.org/m.bstk"
    // No echo for who wrote a password.
    guard !text.isEmpty, !text.contains("@") else { return "This is not an address; \(example)." }
    let local = "\(URL(filePath: text).standardizedFileURL.absoluteString) for a local file"
    let first = text.prefix { $0 != "/" }
    let advice =
      if first.isEmpty || first.hasPrefix(".") || FileSystem.exists(text) {
        "write \(local)"
      } else if first < text, first.contains("."), !first.contains(where: { ": ".contains($0) }) {
        "write https://\(text)"
      } else {
        "\(example), or \(local)"
      }
    return "'\(text)' is not an address; \(advice)."
  }
}
