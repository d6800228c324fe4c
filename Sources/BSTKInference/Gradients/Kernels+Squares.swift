internal import CKernels

extension Kernels {
  /// The divergence of softmax(q) from softmax(p) in nats, in double precision.
  package static func divergence(of q: Span<Float>, from p: Span<Float>) -> Double {
    precondition(p.count == q.count && p.count > 0)
    // SAFETY: both pointers cover `count` elements and are used only during the call.
    return unsafe p.withUnsafeBufferPointer { p in
      unsafe q.withUnsafeBufferPointer { q in
        guard let left = p.baseAddress, let right = q.baseAddress else { return 0 }
        return unsafe bstk_kl_divergence(left, right, p.count)
      }
    }
  }
}
