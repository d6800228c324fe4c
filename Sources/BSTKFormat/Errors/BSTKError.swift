/// What went wrong with a `.bstk` file, where, and what to do about it.
///
/// Every error names a stable ``Code`` from the Spec's registry. Errors about bytes also carry the
/// offset from the start of the file and the ``Section`` it lies in, so that a publisher can look
/// at the damage with a hex viewer.
public struct BSTKError: Error, Hashable, Sendable {
  /// The stable code; machines compare this and nothing else.
  public let code: Code
  /// What is wrong, for a person. Not stable between releases.
  public let message: String
  /// The byte offset from the start of the file at which the fault was noticed.
  public let offset: UInt64?
  /// The part of the file the offset lies in.
  public let section: Section?
  /// What the reader of the message can do.
  public let remedy: String?

  /// Makes an error.
  public init(
    _ code: Code, _ message: String, offset: UInt64? = nil, section: Section? = nil,
    remedy: String? = nil
  ) {
    self.code = code
    self.message = message
    self.offset = offset
    self.section = section
    self.remedy = remedy ?? code.defaultRemedy
  }
}

extension BSTKError: CustomStringConvertible {
  /// One line: code, message, and the place where there is one.
  public var description: String {
    var text = "\(code): \(message)"
    if let offset { text += " (byte offset \(offset)" + (section.map { ", \($0))" } ?? ")") }
    return text
  }
}
