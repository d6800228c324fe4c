internal import COpenBLAS
internal import Synchronization

/// Matrix arithmetic on row-major spans, computed by OpenBLAS.
///
/// A matrix is a span plus its number of elements from one row to the next (`lda`, `ldb`, `ldc`),
/// as in the BLAS itself, so a panel of a larger matrix needs no copy: pass
/// `span.extracting(offset...)` and the larger matrix's row length. Every call checks that the
/// last element it will touch lies inside the span; a shape that does not fit is a programmer's
/// mistake and stops the program.
///
/// It is loaded when it is first needed; without it every call stops the program, so whoever begins
/// to calculate asks ``load()`` first. OpenBLAS picks its kernels when it is loaded, from the processor's family. Versions that do not
/// know a family with AVX-512 fall back to AVX2 kernels; the environment variable
/// `OPENBLAS_CORETYPE=SKYLAKEX`, set before the process starts, chooses the AVX-512 ones.
public enum BLAS {
  private struct Threads {
    var wanted: Int
    var serialSections = 0
  }

  private static let isLoaded = bstk_openblas_load()
  private static let threads = Mutex(
    Threads(wanted: isLoaded ? Int(bstk_openblas_get_num_threads()) : 1))

  /// Loads OpenBLAS when nobody has yet.
  ///
  /// - Throws: ``NumericsError/libraryMissing`` where it is not installed.
  public static func load() throws(NumericsError) {
    guard isLoaded else { throw .libraryMissing }
  }

  /// The number of threads one call uses, at least 1. Process-wide.
  public static var threadCount: Int {
    get { threads.withLock { $0.wanted } }
    set {
      threads.withLock {
        $0.wanted = max(1, newValue)
        if isLoaded, $0.serialSections == 0 {
          bstk_openblas_set_num_threads(Int32(clamping: $0.wanted))
        }
      }
    }
  }

  /// Runs `body` with OpenBLAS on one thread, so that the order of its sums, and with it the last
  /// bit of a result, does not depend on the number of threads.
  ///
  /// Products that other threads start meanwhile run on one thread too.
  static func serially<Result: ~Copyable>(
    _ body: () throws(NumericsError) -> Result
  ) throws(NumericsError) -> Result {
    try load()
    return try withSerialProducts(body)
  }

  /// As ``serially(_:)``, for work with errors of its own.
  ///
  /// - Precondition: OpenBLAS is loaded.
  package static func withSerialProducts<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(isLoaded, "OpenBLAS is not installed")
    threads.withLock {
      $0.serialSections += 1
      bstk_openblas_set_num_threads(1)
    }
    defer {
      threads.withLock {
        $0.serialSections -= 1
        if $0.serialSections == 0 { bstk_openblas_set_num_threads(Int32(clamping: $0.wanted)) }
      }
    }
    return try body()
  }

  /// C ← alpha · op(A) · op(B) + beta · C in 32-bit floating point.
  ///
  /// op(A) is `m` × `k`, op(B) is `k` × `n`, C is `m` × `n`. With `beta` = 0 the old content of C
  /// is not read.
  ///
  /// - Precondition: every matrix lies inside its span.
  public static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
    alpha: Float = 1, a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int,
    beta: Float = 0, c: inout MutableSpan<Float>, ldc: Int
  ) {
    check(rows: transposeA ? k : m, columns: transposeA ? m : k, stride: lda, count: a.count)
    check(rows: transposeB ? n : k, columns: transposeB ? k : n, stride: ldb, count: b.count)
    check(rows: m, columns: n, stride: ldc, count: c.count)
    guard m > 0, n > 0 else { return }
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          // SAFETY: the three checks above keep every access of an m × n × k product inside.
          unsafe bstk_sgemm(
            transposeA, transposeB, length(m), length(n), length(k), alpha,
            a.baseAddress, stride(lda), b.baseAddress, stride(ldb), beta, c.baseAddress,
            stride(ldc))
        }
      }
    }
  }

  /// C ← alpha · op(A) · op(B) + beta · C in 64-bit floating point; otherwise as the 32-bit form.
  ///
  /// - Precondition: every matrix lies inside its span.
  public static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
    alpha: Double = 1, a: Span<Double>, lda: Int, b: Span<Double>, ldb: Int,
    beta: Double = 0, c: inout MutableSpan<Double>, ldc: Int
  ) {
    check(rows: transposeA ? k : m, columns: transposeA ? m : k, stride: lda, count: a.count)
    check(rows: transposeB ? n : k, columns: transposeB ? k : n, stride: ldb, count: b.count)
    check(rows: m, columns: n, stride: ldc, count: c.count)
    guard m > 0, n > 0 else { return }
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          // SAFETY: the three checks above keep every access of an m × n × k product inside.
          unsafe bstk_dgemm(
            transposeA, transposeB, length(m), length(n), length(k), alpha,
            a.baseAddress, stride(lda), b.baseAddress, stride(ldb), beta, c.baseAddress,
            stride(ldc))
        }
      }
    }
  }

  /// y ← alpha · op(A) · x + beta · y, with A `rows` × `columns` as stored.
  ///
  /// - Precondition: A lies inside its span; x and y have the lengths of op(A)'s columns and rows.
  public static func gemv(
    transposeA: Bool = false, rows: Int, columns: Int,
    alpha: Float = 1, a: Span<Float>, lda: Int, x: Span<Float>,
    beta: Float = 0, y: inout MutableSpan<Float>
  ) {
    check(rows: rows, columns: columns, stride: lda, count: a.count)
    precondition(x.count >= (transposeA ? rows : columns), "x is shorter than op(A)'s rows")
    precondition(y.count >= (transposeA ? columns : rows), "y is shorter than op(A)'s columns")
    guard rows > 0, columns > 0 else { return }
    unsafe a.withUnsafeBufferPointer { a in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // SAFETY: the check and the preconditions above cover A, x and y.
          unsafe bstk_sgemv(
            transposeA, length(rows), length(columns),
            alpha, a.baseAddress, stride(lda), x.baseAddress, 1, beta, y.baseAddress, 1)
        }
      }
    }
  }

  /// The dimension as BLAS takes it.
  private static func length(_ value: Int) -> Int32 {
    guard let narrow = Int32(exactly: value) else {
      preconditionFailure("dimension \(value) exceeds what BLAS can count")
    }
    return narrow
  }

  /// BLAS refuses a row stride of 0 even for a matrix it will not read.
  private static func stride(_ value: Int) -> Int32 { length(max(1, value)) }

  private static func check(rows: Int, columns: Int, stride: Int, count: Int) {
    precondition(isLoaded, "OpenBLAS is not installed")
    precondition(rows >= 0 && columns >= 0 && stride >= columns, "impossible matrix shape")
    guard rows > 0, columns > 0 else { return }
    let (last, overflow) = (rows - 1).multipliedReportingOverflow(by: stride)
    precondition(!overflow && columns <= count && last <= count - columns, "matrix leaves its span")
  }
}
