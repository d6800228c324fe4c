@testable import BSTKFormat
@testable import BSTKStore
@testable import BSTKTransport

// What a server sends before the body, an address it redirects to, and a journal that an earlier run
// left. The first byte chooses which.

/// Called by libFuzzer with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTransfer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer's buffer of `count` bytes, copied at once.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
  switch first % 3 {
  case 0: judge(text)
  case 1: visit(text)
  default: resume(text)
  }
  return 0
}

/// Puts a response through the gate as answers to several questions.
private func judge(_ text: String) {
  var head = ResponseHead()
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    head.take(line + "\n")
  }
  let questions: [(asked: Range<Int>?, totals: ClosedRange<Int>, tag: String?)] = [
    (0..<256, 0...Int.max, nil), (1000..<5000, 9000...9000, "\"a\""), (nil, 0...Int.max, nil),
    ((Int.max - 10)..<Int.max, 0...Int.max, nil),
  ]
  for question in questions {
    let gate = ResponseGate(
      asked: question.asked, totals: question.totals, pinnedTag: question.tag, isRedirected: false,
      address: "http://example.org/")
    guard case .accept(let range) = gate.judge(head) else { continue }
    // Whatever is let through begins where it was asked to and goes no further.
    if let asked = question.asked {
      precondition(range.lowerBound == asked.lowerBound || head.status == 200)
      precondition(range.upperBound <= asked.upperBound || head.status == 200)
    } else {
      precondition(range.lowerBound == 0)
    }
  }
}

/// Reads an address; when it can be read again as it is written, it is the same.
private func visit(_ text: String) {
  guard let address = try? WebAddress(text) else { return }
  precondition(["http", "https", "file"].contains(address.scheme))
  // (libcurl takes some paths of files only once.)
  if let again = try? WebAddress(address.text) { precondition(again.hasSameOrigin(as: address)) }
  _ = address.publicText
}

/// Reads a journal, whose ranges must come in order.
private func resume(_ text: String) {
  guard let contents = FetchJournal.parse(text) else { return }
  var end = -1
  for range in contents.present.ranges {
    precondition(range.lowerBound > end && !range.isEmpty)
    end = range.upperBound
  }
}
