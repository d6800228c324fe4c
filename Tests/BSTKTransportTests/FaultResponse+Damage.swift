import BSTKTestSupport

extension FaultResponse {
  /// Flips a bit of the file's byte at `offset` when this answer covers it.
  mutating func flipBit(at offset: Int, of request: FaultRequest) {
    let start = status == 200 ? 0 : request.range?.lowerBound ?? 0
    guard status < 300, offset >= start, offset - start < body.count else { return }
    body[offset - start] ^= 4
  }
}
