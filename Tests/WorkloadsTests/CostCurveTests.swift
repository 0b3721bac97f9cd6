import NeRFCore
import Testing
import Workloads

@Suite("Cost curves")
struct CostCurveTests {
  private func curve(_ law: (Double) -> Double) -> CostCurve {
    CostCurve([100, 200, 400, 1000].map { CostCurve.Point(size: $0, seconds: law($0)) })
  }

  @Test("a power law has its exponent", arguments: [0.5, 1, 1.5, 3])
  func power(exponent: Double) {
    let fitted = curve { size in
      var value = 7e-3
      // xᵖ for halves, without another library.
      for _ in 0..<Int(2 * exponent) { value *= size.squareRoot() }
      return value
    }
    #expect(abs(fitted.exponent - exponent) < 1e-12)
  }

  @Test("a line has its fixed part and its slope, and an exponent below one")
  func line() {
    let fitted = curve { 3 + 0.02 * $0 }
    #expect(abs(fitted.fixed - 3) < 1e-12 && abs(fitted.perUnit - 0.02) < 1e-14)
    #expect(fitted.exponent > 0.3 && fitted.exponent < 0.9)
  }

  @Test("too few sizes, or times that are none, have no law")
  func unusable() {
    let point = CostCurve.Point(size: 10, seconds: 1)
    for points in [[], [point], [point, point], [point, CostCurve.Point(size: 20, seconds: 0)]] {
      #expect(CostCurve(points).exponent.isNaN && CostCurve(points).perUnit.isNaN)
    }
  }

  @Test("every curve has four ascending sizes")
  func catalog() {
    #expect(CurveCatalog.all.map(\.name) == ["rays", "samples", "hash table", "volume"])
    for entry in CurveCatalog.all {
      #expect(entry.sizes.count == 4 && entry.sizes == Set(entry.sizes).sorted())
    }
    #expect(CurveCatalog.all[2].sizes[2] == 10_607_408)
    #expect(CurveCatalog.all[3].sizes[3] == 58_720_256)
  }
}
