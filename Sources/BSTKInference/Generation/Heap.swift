internal import CKernels

/// The memory the allocator holds.
package enum Heap {
  /// Returns what is free to the system, where the allocator does not do so by itself: glibc keeps
  /// what lies between blocks still in use.
  package static func giveBack() { bstk_return_free_memory() }
}
