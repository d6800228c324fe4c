internal import BSTKFormat
internal import BSTKServer
internal import BSTKTransport

/// An error as the user sees it: what is wrong, where, and what to do.
struct ErrorReport: Equatable, Sendable {
  let code: String
  let message: String
  var offset: UInt64?
  var section: String?
  var remedy: String?
  let status: ExitStatus

  /// Codes that say the work could not be done; all others blame the input.
  private static let failures: Set<BSTKError.Code> = [
    .failure, .io, .exists, .busy, .cancelled, .numerics, .network, .tls, .stalled, .httpStatus,
    .httpAuthorization, .throttled, .remoteMissing, .remoteChanged, .remoteTruncated,
    .rangeMismatch, .contentEncoding, .redirect, .url, .requestHeader,
  ]

  /// Understands the errors of every module; others keep their own words and the code `FAILURE`.
  init(_ error: any Error) {
    switch error {
    case let error as BSTKError:
      code = error.code.rawValue
      message = error.message
      offset = error.offset
      section = error.section?.description
      remedy = Self.remedy(for: error)
      status = Self.failures.contains(error.code) ? .failure : .invalid
    case let error as ServerError:
      code = "SERVER"
      message = error.description
      status = .failure
    default:
      code = "FAILURE"
      message = "\(error)"
      status = .failure
    }
  }

  /// The library does not know by which names credentials are given here.
  private static func remedy(for error: BSTKError) -> String? {
    guard error.code == .httpAuthorization, !(error.remedy?.contains("--proxy") ?? false) else {
      return error.remedy
    }
    return "check the credentials (BSTK_TOKEN, --header, --netrc; a proxy's in --proxy) and that "
      + "you may read the file"
  }

  /// For people: up to three lines.
  func text(style: Style) -> String {
    var lines = [style.red("error[\(code)]:") + " \(message.printable)"]
    if let offset {
      lines.append("  at byte offset \(offset)" + (section.map { " (\($0))" } ?? ""))
    } else if let section {
      lines.append("  in the \(section)")
    }
    if let remedy { lines.append("  help: \(remedy.printable)") }
    return lines.joined(separator: "\n")
  }

  /// Prints the report: text on standard error, or with `asJSON` one line of JSON on standard
  /// output while that can be written.
  func print(asJSON: Bool) {
    if asJSON, let line = try? JSONLines.encode(["error": self]), Console.out(line) { return }
    Console.say(text(style: Style(.error)))
  }
}

extension ErrorReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case code, message, offset, section, remedy
  }
}
