@testable import BSTKNumerics
import Synchronization
import Testing

@Suite struct CrewTests {
  /// Calls of every length, beside each other and within each other.
  @Test func everyIndexIsCalledOnce() async {
    let threads = BLAS.threadCount
    defer { BLAS.threadCount = threads }
    BLAS.threadCount = 3
    await withTaskGroup(of: Void.self) { group in
      for caller in 0..<3 {
        group.addTask {
          for round in 0..<400 {
            let count = (round * 7 + caller) % 40
            let sum = Mutex((calls: 0, indices: 0))
            Crew.shared.forEach(count) { index in
              if index == 3 {
                let inner = Atomic(0)
                Crew.shared.forEach(5) { inner.wrappingAdd($0, ordering: .relaxed) }
                precondition(inner.load(ordering: .relaxed) == 10)
              }
              sum.withLock {
                $0.calls += 1
                $0.indices += index
              }
            }
            let (calls, indices) = sum.withLock { $0 }
            #expect(calls == count && indices == count * (count - 1) / 2)
            // Now and then long enough for the crew to fall asleep.
            if round % 100 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
          }
        }
      }
    }
  }
}
