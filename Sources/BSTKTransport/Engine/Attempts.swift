/// How often something was tried in vain since it last brought anything new.
struct Attempts {
  var count = 0
  /// Of them, those whose answer broke the protocol, which happens less often by chance.
  var violationCount = 0

  /// Counts one more.
  mutating func add(_ kind: TransferFailure.Kind) {
    count += 1
    if kind.breaksProtocol { violationCount += 1 }
  }
}
