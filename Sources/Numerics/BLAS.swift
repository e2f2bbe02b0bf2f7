import CBLAS

/// Products of single-precision matrices by OpenBLAS, row-major.
public enum BLAS {
  /// Makes OpenBLAS use one thread until ``useThreads(_:)`` asks for more; touched by everything that calls it.
  ///
  /// Our own worker threads each call BLAS: with threads of its own it is many times slower on small matrices.
  static let start: Void = openblas_set_num_threads(1)

  /// Sets how many threads OpenBLAS uses for one call, for the whole process; one unless asked for.
  public static func useThreads(_ count: Int) {
    start
    openblas_set_num_threads(Int32(count))
  }

  /// The library and the kernel set it chose for this processor, for provenance.
  public static var version: String { String(cString: openblas_get_config()) }

  /// C ← alpha · op(A) op(B) + beta · C on raw memory, where op(A) is [m, k], op(B) [k, n] and C [m, n].
  ///
  /// - Parameters:
  ///   - leadingA: distance between A's rows as stored; by default the rows are adjacent (same for B and C).
  ///   - beta: with 0 whatever C held before is ignored, NaN included.
  public static func gemm(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, leadingA: Int? = nil, transposeA: Bool = false,
    b: UnsafePointer<Float>, leadingB: Int? = nil, transposeB: Bool = false,
    beta: Float = 0, c: UnsafeMutablePointer<Float>, leadingC: Int? = nil
  ) {
    guard m > 0, n > 0 else { return }
    start
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(max(leadingA ?? (transposeA ? m : k), 1)),
      b, Int32(max(leadingB ?? (transposeB ? k : n), 1)), beta, c, Int32(leadingC ?? n))
  }

  /// C ← alpha · op(A) op(B) + beta · C, where op(A) is [m, k], op(B) [k, n] and C [m, n].
  ///
  /// - Parameters:
  ///   - a: an array or slice holding [m, k], or [k, m] with `transposeA`.
  ///   - b: an array or slice holding [k, n], or [n, k] with `transposeB`.
  ///   - offset: where C begins in `c`.
  @inlinable
  public static func gemm<A: RandomAccessCollection<Float>, B: RandomAccessCollection<Float>>(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float = 1, a: A, transposeA: Bool = false, b: B,
    transposeB: Bool = false, beta: Float = 0, c: inout [Float], offset: Int = 0
  ) {
    precondition(a.count >= m * k && b.count >= k * n && offset >= 0 && c.count >= offset + m * n)
    let done: Void?? = a.withContiguousStorageIfAvailable { a in
      b.withContiguousStorageIfAvailable { b in
        c.withUnsafeMutableBufferPointer { c in
          guard m > 0, n > 0, let c = c.baseAddress else { return }
          guard let a = a.baseAddress, let b = b.baseAddress else {
            for index in offset..<offset + m * n { c[index] = beta == 0 ? 0 : c[index] * beta }
            return
          }
          gemm(
            m, n, k, alpha: alpha, a: a, transposeA: transposeA, b: b, transposeB: transposeB,
            beta: beta, c: c + offset)
        }
      }
    }
    precondition(done != nil && done! != nil, "gemm needs contiguous arrays")
  }
}
