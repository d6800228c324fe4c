import Testing

@testable import BSTKMemory

@Suite("Giving memory back and taking it")
struct BalanceTests {
  private static let mega: UInt64 = 1 << 20

  /// Plays a machine of 4 GiB on which others leave `free` MiB beside `holding` MiB of weights.
  private struct Play: ~Copyable {
    var watch = MemoryWatch(MemoryProbe(), cacheByteCount: 36 << 20)
    var stalled: UInt64 = 0
    var stalledElsewhere: UInt64 = 0
    var events: UInt64 = 0

    mutating func desired(free: UInt64, holding: UInt64, most: UInt64 = 2_000, at now: Double)
      -> UInt64?
    {
      let bound = MemoryBound(
        source: .machine, totalByteCount: 4 << 30, freeByteCount: free * mega,
        heldByteCount: holding * mega)
      return watch.desiredByteCount(
        MemorySnapshot(
          bounds: [bound],
          stalledMicroseconds: [.machine: stalled, .controlGroup: 10 * stalledElsewhere],
          holdUpCount: events),
        holding: holding * mega, most: most * mega, now: now
      ).map { $0 / mega }
    }
  }

  @Test(
    "The reserve: a sixteenth, at least 256 MiB, at most 4 GiB, never above a third",
    arguments: [
      (300 << 20, 100 << 20), (600 << 20, 200 << 20), (4 << 30, 256 << 20), (16 << 30, 1 << 30),
      (1 << 40, 4 << 30), (0, 0), (.max, 4 << 30),
    ] as [(UInt64, UInt64)])
  func reserve(_ total: UInt64, _ reserve: UInt64) {
    #expect(MemoryAllowance.reserveByteCount(ofTotal: total) == reserve)
  }

  @Test("What is allowed: free and held, less reserve, cache and 64 MiB; never below nothing")
  func allowance() throws {
    let bound = MemoryBound(
      source: .machine, totalByteCount: 4 << 30, freeByteCount: 1 << 30, heldByteCount: 100 << 20)
    let allowance = try #require(MemoryAllowance(MemorySnapshot(bounds: [bound])))
    #expect(allowance.usableByteCount == (1124 - 256) << 20)
    #expect(allowance.weightByteCount(cacheByteCount: 36 << 20) == (1124 - 256 - 100) << 20)
    #expect(allowance.weightByteCount(cacheByteCount: .max) == 0)
    let pressed = try #require(
      MemoryAllowance(MemorySnapshot(bounds: [bound]), pressed: [.machine, .process]))
    #expect(pressed.usableByteCount == (1124 - 512) << 20 && pressed.reserveByteCount == 512 << 20)
  }

  @Test("Others take memory: at once as much is given back; a little is what the reserve is for")
  func gives() {
    var play = Play()
    #expect(play.desired(free: 356, holding: 1_000, at: 0) == nil)
    #expect(play.desired(free: 330, holding: 1_000, at: 1) == nil)
    #expect(play.desired(free: 256, holding: 1_000, at: 1.1) == 900)
    #expect(play.desired(free: 0, holding: 1_000, at: 1.2) == 644)
  }

  @Test("Memory is taken after five seconds of calm, and only a good deal of it")
  func takes() {
    var play = Play()
    #expect(play.desired(free: 156, holding: 1_000, at: 0) == 800)
    #expect(play.desired(free: 556, holding: 800, at: 4.9) == nil)
    #expect(play.desired(free: 450, holding: 800, at: 5.1) == nil)
    #expect(play.desired(free: 556, holding: 800, at: 5.2) == 1_000)
    // The last bit of the model is taken however small it is, and nothing beyond it.
    #expect(play.desired(free: 556, holding: 1_000, most: 1_010, at: 20) == 1_010)
    #expect(play.desired(free: 2_000, holding: 1_010, most: 1_010, at: 40) == nil)
  }

  @Test("Where what was taken is wanted back, the calm must be longer each time, and not for ever")
  func patience() {
    var play = Play()
    var now = 0.0
    #expect(play.desired(free: 156, holding: 1_000, at: now) == 800)
    for calm in [5.0, 10, 20, 40, 80, 160, 160] {
      #expect(play.desired(free: 556, holding: 800, at: now + calm - 0.1) == nil)
      now += calm + 0.1
      #expect(play.desired(free: 556, holding: 800, at: now) == 1_000)
      now += 1
      #expect(play.desired(free: 156, holding: 1_000, at: now) == 800)
    }
    now += 400
    #expect(play.desired(free: 556, holding: 800, at: now) == 1_000)
    now += 100
    #expect(play.desired(free: 156, holding: 1_000, at: now) == 800)
    #expect(play.desired(free: 556, holding: 800, at: now + 5.1) == 1_000)
  }

  @Test("Under pressure the reserve is kept twice; a tenth of the time waited is pressure")
  func pressure() {
    var play = Play()
    #expect(play.desired(free: 456, holding: 1_000, at: 0) == nil)
    play.stalled = 150_000
    #expect(play.desired(free: 456, holding: 1_000, at: 2) == nil)
    play.stalled = 300_000
    #expect(play.desired(free: 456, holding: 1_000, at: 3) == 844)
    #expect(play.desired(free: 612, holding: 844, at: 4) == nil)
    // What a control group's processes wait for is no matter of the machine's memory.
    play.stalledElsewhere = 900_000
    play.events = 1
    #expect(play.desired(free: 512, holding: 844, at: 5.9) == nil)
    play.stalled = 350_000
    #expect(play.desired(free: 512, holding: 844, at: 6) == 744)
    // Pressure is over two seconds later, and the calm begins.
    #expect(play.desired(free: 900, holding: 744, at: 7.9) == nil)
    #expect(play.desired(free: 900, holding: 744, at: 12.8) == nil)
    #expect(play.desired(free: 900, holding: 744, at: 13.0) == 1_288)
  }
}
