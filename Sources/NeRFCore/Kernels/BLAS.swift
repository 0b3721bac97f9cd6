import COpenBLAS

#if canImport(Glibc)
  import Glibc
#endif

/// The one door to OpenBLAS.
///
/// BLAS runs single-threaded: this library splits work itself, so that results do not depend on the
/// number of threads.
enum BLAS {
  /// Touch before the first call.
  ///
  /// Debian's OpenBLAS picks its Haswell kernels on AMD processors with AVX-512, where the SkylakeX
  /// kernels are 1.8 times faster. The choice is made when the library is loaded, so it is undone and
  /// redone here, unless the user chose one or the build of OpenBLAS has no run-time choice.
  static let isReady: Bool = {
    #if canImport(Glibc) && arch(x86_64)
      if cpuHasAVX512, getenv("OPENBLAS_CORETYPE") == nil,
        let quit = dlsym(nil, "gotoblas_dynamic_quit"),
        let start = dlsym(nil, "gotoblas_dynamic_init")
      {
        typealias Call = @convention(c) () -> Void
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0)
        unsafeBitCast(quit, to: Call.self)()
        unsafeBitCast(start, to: Call.self)()
      }
    #endif
    openblas_set_num_threads(1)
    return true
  }()

  private static var cpuHasAVX512: Bool { FastKernels.availableInstructionSets.contains("v4") }

  /// C ← A·B + β C for row-major matrices with leading dimensions.
  static func multiply(
    rows: Int, columns: Int, depth: Int,
    _ a: UnsafePointer<Float>, _ aStride: Int, transposeA: Bool,
    _ b: UnsafePointer<Float>, _ bStride: Int, transposeB: Bool,
    beta: Float, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
  ) {
    precondition(isReady)
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      numericCast(rows), numericCast(columns), numericCast(depth), 1, a, numericCast(aStride), b,
      numericCast(bStride), beta, c, numericCast(cStride))
  }
}
