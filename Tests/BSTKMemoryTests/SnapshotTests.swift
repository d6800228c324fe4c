import BSTKTestSupport
import Foundation
import Testing

@testable import BSTKMemory

#if os(Linux)
  @Suite("Snapshots of recorded machines")
  struct SnapshotTests {
    private static let machine = MemoryBound(
      source: .machine, totalByteCount: 24_000_000 << 10, freeByteCount: 12_000_000 << 10,
      heldByteCount: 16 << 20)

    @Test("A machine without control groups has MemAvailable, and the process its anonymous pages")
    func machine() throws {
      let snapshot = try RecordedMachine(RecordedMachine.machine).snapshot()
      #expect(snapshot == MemorySnapshot(bounds: [Self.machine]))
    }

    @Test("Version two: every ancestor bounds; pages of files are free, those of programs are not")
    func versionTwo() throws {
      let machine = try RecordedMachine(RecordedMachine.versionTwo)
      let snapshot = machine.snapshot()
      #expect(
        snapshot.bounds == [
          Self.machine,
          MemoryBound(
            source: .controlGroup, totalByteCount: 3_000_000_000, freeByteCount: 2_700_000_000,
            heldByteCount: 16 << 20),
          MemoryBound(
            source: .controlGroup, totalByteCount: 2_000_000_000, freeByteCount: 1_500_000_000,
            heldByteCount: 16 << 20),
        ])
      #expect(snapshot.holdUpCount == 0 && snapshot.stalledMicroseconds == [.controlGroup: 5_000])
      let silent = RecordedMachine.versionTwo.filter { !$0.key.contains("pressure") }
      #expect(try RecordedMachine(silent).snapshot().holdUpCount == 7)
      #expect(machine.pressurePaths.count == 2)
      let allowance = try #require(MemoryAllowance(snapshot))
      #expect(allowance.bound == snapshot.bounds[2])
      #expect(allowance.reserveByteCount == 256 << 20)
      #expect(allowance.usableByteCount == 1_500_000_000 + (16 << 20) - (256 << 20))
      #expect(
        allowance.weightByteCount(cacheByteCount: 1_000_000)
          == allowance.usableByteCount - 1_000_000 - (64 << 20))
    }

    @Test("Version one, in a container that sees its own group only; no limit is none")
    func versionOne() throws {
      let snapshot = try RecordedMachine(RecordedMachine.versionOne).snapshot()
      #expect(
        snapshot.bounds == [
          Self.machine,
          MemoryBound(
            source: .controlGroup, totalByteCount: 1_000_000_000, freeByteCount: 900_000_000,
            heldByteCount: 16 << 20),
        ])
    }

    @Test("A limit of the address space bounds as well")
    func addressSpace() throws {
      let machine = try RecordedMachine(RecordedMachine.machine)
      try machine.write(
        "Max address space  1073741824  unlimited  bytes\n", to: "/proc/self/limits")
      #expect(
        machine.snapshot().bounds.last
          == MemoryBound(
            source: .process, totalByteCount: 1 << 30, freeByteCount: (1 << 30) - (400 << 20),
            heldByteCount: 30 << 20))
    }

    @Test("A group outside of what is mounted shows its top, and `..` leads nowhere")
    func namespaces() {
      let mounts = "35 31 0:32 /a/b /cg rw - cgroup2 cgroup2 rw\n"
      func folders(_ path: String) -> [String] {
        ControlGroup.all(membership: "0::\(path)\n", mounts: mounts).map(\.folder)
      }
      #expect(folders("/a/b/c/d") == ["/cg/c/d", "/cg/c", "/cg"])
      #expect(folders("/a/b") == ["/cg"] && folders("/a/bc") == ["/cg"])
      #expect(folders("/../x") == ["/cg"] && folders("/a/b/../../etc") == ["/cg"])
      #expect(ControlGroup.all(membership: "0::/", mounts: "") == [])
      let escaped = "35 31 0:32 / /c\\040g rw - cgroup2 cgroup2 rw\n"
      #expect(ControlGroup.all(membership: "0::/", mounts: escaped).map(\.folder) == ["/c g"])
    }

    @Test("Numbers that do not fit, and tables that are none, are left out")
    func impossible() {
      #expect(NamedValues.value(of: "MemTotal", in: "MemTotal: 18446744073709551615 kB") == nil)
      #expect(NamedValues.value(of: "MemTotal", in: "MemTotal: -1 kB\nMemTotal") == nil)
      #expect(NamedValues.value(of: "high", in: "highest 1\nhigh 2") == 2)
      #expect(NamedValues.stalledMicroseconds(in: "some avg10=1 total=x") == nil)
      #expect(MemoryAllowance(MemorySnapshot(bounds: [])) == nil)
    }

    @Test("Mutated texts of a kernel end no process")
    func hostile() throws {
      var random = SeededGenerator(seed: 11)
      let samples = Array(RecordedMachine.versionTwo.values) + RecordedMachine.versionOne.values
      for _ in 0..<3_000 {
        var texts: [String] = []
        for _ in 0..<3 {
          var bytes = Array(samples.randomElement(using: &random, or: "").utf8)
          for _ in 0..<Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: Array("/ 9:\n".utf8), at: place)
            }
          }
          texts.append(String(decoding: bytes, as: UTF8.self))
        }
        for group in ControlGroup.all(membership: texts[0], mounts: texts[1]) + [
          ControlGroup(version: .one, folder: "/"), ControlGroup(version: .two, folder: "/"),
        ] {
          let bound = group.bound { _ in texts[2] }
          if let bound { #expect(bound.freeByteCount <= bound.totalByteCount) }
          _ = group.holdUpCount { _ in texts[2] }
        }
        _ = NamedValues.softLimit("Max address space", in: texts[0])
        _ = NamedValues.stalledMicroseconds(in: texts[1])
      }
    }

    @Test("This machine says what it has")
    func live() throws {
      let snapshot = MemorySnapshot.now()
      let bound = try #require(snapshot.bounds.first { $0.source == .machine })
      #expect(bound.freeByteCount > 0 && bound.freeByteCount <= bound.totalByteCount)
      #expect(bound.heldByteCount > 1 << 20)
    }
  }

  extension Collection where Index == Int {
    fileprivate func randomElement(using random: inout SeededGenerator, or none: Element) -> Element
    {
      randomElement(using: &random) ?? none
    }
  }
#endif
