import BSTKFormat
import BSTKStore
import BSTKTestSupport
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct FileTests {
  @Test func whatIsNoFileIsAnswered() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.file("fifo")
    // SAFETY: the path is a valid C string during the call.
    #expect(unsafe mkfifo(fifo, 0o600) == 0)
    for path in [folder.path, folder.file("missing"), folder.file("a/b"), fifo] {
      for access in [ModelFile.Access.plain, .mapped] {
        let error = #expect(throws: BSTKError.self) { try ModelFile(path, access: access) }
        #expect(error?.code == .io)
      }
    }
    try folder.write([], to: "empty")
    for access in [ModelFile.Access.plain, .mapped] {
      let error = #expect(throws: BSTKError.self) {
        try ModelFile(folder.file("empty"), access: access)
      }
      #expect(error?.code == .tooShort)
    }
  }

  @Test func oneHandleAtATimeHoldsTheLock() throws {
    let folder = try TemporaryFolder()
    try SyntheticModel().write(to: folder.file("m.bstk"))
    do {
      let first = try FileHandle(folder.file("m.bstk"), .update)
      let locks = [first.tryLock(), first.tryLock()]
      #expect(locks == [true, true])
      let second = try FileHandle(folder.file("m.bstk"), .read)
      let isLocked = second.tryLock()
      #expect(!isLocked)
      let trim = #expect(throws: BSTKError.self) {
        try ModelFile.trim(folder.file("m.bstk"), to: .unlimited)
      }
      #expect(trim?.code == .busy)
      let source = try ModelFile(folder.file("m.bstk"))
      let grow = #expect(throws: BSTKError.self) {
        try ModelFile.grow(folder.file("m.bstk"), from: source, to: .unlimited)
      }
      #expect(grow?.code == .busy)
    }
    try ModelFile.trim(folder.file("m.bstk"), to: .unlimited)
  }

  @Test func anOutputAppearsWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: "out")
    func abandon() throws {
      var output = try AtomicOutput(folder.file("out"))
      try output.append([2, 3].span)
      #expect(try folder.read("out") == [1])
      #expect(try folder.contents().count == 2)
    }
    try abandon()
    #expect(try folder.contents() == ["out"])
    #expect(try folder.read("out") == [1])
    var output = try AtomicOutput(folder.file("out"))
    try output.append([2, 3].span)
    try output.commit()
    #expect(try folder.contents() == ["out"])
    #expect(try folder.read("out") == [2, 3])
    let error = #expect(throws: BSTKError.self) { _ = try AtomicOutput(folder.file("no/out")) }
    #expect(error?.code == .io)
  }

  @Test func featuresOfLaterReleasesAreReadButNotChanged() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let fixture = root.appending(path: "Fixtures/v1/valid/flag-ro-compat.bstk")
    let folder = try TemporaryFolder()
    let path = try folder.write([UInt8](Data(contentsOf: fixture)), to: "m.bstk")
    let file = try ModelFile(path)
    #expect(try file.verify().fault == nil)
    try file.requireUsable()
    let errors = [
      #expect(throws: BSTKError.self) { try ModelFile.trim(path, to: .unlimited) },
      #expect(throws: BSTKError.self) { try ModelFile.grow(path, from: file, to: .unlimited) },
      #expect(throws: BSTKError.self) {
        try file.copy(within: .unlimited, to: folder.file("c.bstk"))
      },
      #expect(throws: BSTKError.self) {
        try file.restack(
          to: folder.file("r.bstk"), stack: [(0, 1)], worths: nil, extensions: IndexExtensions())
      },
    ]
    for error in errors { #expect(error?.code == .flag) }
    #expect(try folder.contents() == ["m.bstk"])
  }

  /// A limit on the length of files stands in for a full disk.
  @Test func whenTheDiskIsFullNothingIsLeft() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try SyntheticModel().write(to: folder.file("m.bstk"))
      let file = try ModelFile(folder.file("m.bstk"))
      _ = signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
      #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #else
        let resource = RLIMIT_FSIZE
      #endif
      // SAFETY: `limit` outlives the call.
      try #require(unsafe setrlimit(resource, &limit) == 0)
      let copy = #expect(throws: BSTKError.self) {
        try file.copy(within: .unlimited, to: folder.file("c.bstk"))
      }
      #expect(copy?.code == .io)
      let write = #expect(throws: BSTKError.self) {
        do {
          try SyntheticModel(tensors: [("big", 1000)]).write(to: folder.file("w.bstk"))
        } catch let error as BSTKError { throw error }
      }
      #expect(write?.code == .io)
      #expect(try folder.contents() == ["m.bstk"])
    }
  }
}
