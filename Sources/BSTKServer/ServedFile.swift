#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An open regular file with its size and validators at the time it was opened.
struct ServedFile: ~Copyable {
  let descriptor: Descriptor
  let size: UInt64
  let validators: Validators

  init(descriptor: consuming Descriptor, status: stat) {
    self.descriptor = descriptor
    size = UInt64(clamping: status.st_size)
    #if canImport(Darwin)
      let changed = status.st_mtimespec
    #else
      let changed = status.st_mtim
    #endif
    let parts = [
      UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino),
      UInt64(truncatingIfNeeded: status.st_size), UInt64(truncatingIfNeeded: changed.tv_sec),
      UInt64(truncatingIfNeeded: changed.tv_nsec),
    ]
    let tag = parts.map { String($0, radix: 16) }.joined(separator: "-")
    validators = Validators(
      tag: "\"\(tag)\"", modified: HTTPDate(seconds: Int64(changed.tv_sec)))
  }
}
