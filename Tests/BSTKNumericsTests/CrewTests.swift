@testable import BSTKNumerics
import Synchronization
import Testing

@Suite struct CrewTests {
  /// Atomics, because the thread sanitizer does not see through a `Mutex`.
  private final class Counter: Sendable {
    private let sum = Atomic(0)

    var value: Int { sum.load(ordering: .relaxed) }

    func add(_ value: Int) { sum.wrappingAdd(value, ordering: .relaxed) }
  }

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
            let (calls, indices) = (Counter(), Counter())
            Crew.shared.forEach(count) { index in
              if index == 3 {
                let inner = Counter()
                Crew.shared.forEach(5) { inner.add($0) }
                precondition(inner.value == 10)
              }
              calls.add(1)
              indices.add(index)
            }
            #expect(calls.value == count && indices.value == count * (count - 1) / 2)
            // Now and then long enough for the crew to fall asleep.
            if round % 100 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
          }
        }
      }
    }
  }
}
