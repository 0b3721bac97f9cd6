import CNeRFKernels

extension FastKernels {
  /// Runs `rounds` rounds of independent multiply-adds on the calling thread, in registers: the most
  /// arithmetic this instruction set can do, to compare real work with.
  ///
  /// - Returns: Floating-point operations done, two per multiply-add.
  public static func runPeakArithmetic(rounds: Int) -> Int {
    let value = table.pointee.peak(Int64(rounds))
    precondition(value.isFinite, "FastKernels.runPeakArithmetic: \(value)")
    return peakOperations(rounds: rounds)
  }

  /// The operations of ``runPeakArithmetic(rounds:)``.
  public static func peakOperations(rounds: Int) -> Int {
    2 * rounds * Int(PVD_PEAK_CHAINS) * Int(table.pointee.lanes)
  }
}
