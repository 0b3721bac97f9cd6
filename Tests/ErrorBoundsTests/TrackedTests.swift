import ErrorBounds
import Foundation
import GoldenKit
import NeRFCore
import RealModule
import Testing

@Suite("Tracked numbers")
struct TrackedTests {
  @Test("a sum of any order, with or without fused products, is within its bound")
  func sums() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<200 {
      let n = Int.random(in: 1...60, using: &random)
      let a = random.floats(n, in: -1...1)
      let b = random.floats(n, in: -1...1)
      let tracked = zip(a, b).reduce(Tracked.zero) { $0 + Tracked($1.0) * Tracked($1.1) }
      let pairs = Array(zip(a, b)).shuffled(using: &random)
      let plain = pairs.reduce(Float(0)) { $0 + $1.0 * $1.1 }
      let fused = pairs.reduce(Float(0)) { $0.addingProduct($1.0, $1.1) }
      // A tree: neighbours first.
      var tree = pairs.map { $0.0 * $0.1 }
      while tree.count > 1 {
        tree = stride(from: 0, to: tree.count, by: 2).map {
          $0 + 1 < tree.count ? tree[$0] + tree[$0 + 1] : tree[$0]
        }
      }
      for sum in [plain, fused, tree[0]] {
        #expect(abs(Double(sum) - tracked.value) <= tracked.bound)
      }
      // A bound that nothing comes near would say nothing.
      let sizes = zip(a, b).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
      #expect(tracked.bound <= Double(n) * 0x1p-24 * sizes * 1.001)
    }
  }

  /// A formula with every kind of operation, in any precision.
  private func formula<T: RadianceScalar>(_ x: T, _ y: T, _ z: T) -> T {
    let a = T.exp(x * y - z) / (1 + x * x)
    let b = T.sin(4 * z) * T.cos(y) + T.sqrt(x * x + y * y)
    let c = (a - b) * (a + b) / (2 + T.cos(a))
    return T.expMinusOne(-x * x) * c + T.log(2 + y) - T.pow(2 + z, 3)
  }

  @Test("single precision stays within the bound of a nested formula, and not far below it")
  func formulas() {
    var random = SplitMix64(seed: 2)
    var largest = 0.0
    for _ in 0..<5000 {
      let p = random.floats(3, in: -1...1)
      let single = formula(p[0], p[1], p[2])
      let double = formula(Double(p[0]), Double(p[1]), Double(p[2]))
      let tracked = formula(Tracked(p[0]), Tracked(p[1]), Tracked(p[2]))
      #expect(abs(tracked.value - double) <= 1e-13 * (1 + abs(double)))
      let ratio = abs(Double(single) - double) / tracked.bound
      #expect(ratio <= 1)
      largest = max(largest, ratio)
    }
    #expect(largest > 0.02)
  }

  @Test("what single precision does exactly has no error")
  func exact() {
    let x = Tracked(Float(0.7310585))
    #expect(x.bound == 0 && (x * 4).bound == 0 && (-x).bound == 0 && (x * 1).bound == 0)
    #expect((x / 2).bound == 0 && (x + 0).bound == 0 && x.magnitude.bound == 0)
    #expect((x * x).bound > 0 && (x + 3).bound > 0 && (x / 3).bound > 0)
    // A constant that single precision cannot hold is rounded once.
    #expect(Tracked(0.1).bound > 0 && Tracked(0.5).bound == 0)
    #expect(Tracked.sqrt(0).bound == 0 && Tracked.exp(Tracked(0)).value == 1)
  }

  @Test("decisions that an error could turn are counted, others are not")
  func ambiguity() {
    let third = Tracked(1) / 3
    let (_, clear) = AmbiguousDecisions.count { third > 0.3 && third < 0.4 && Tracked(0) >= 0 }
    #expect(clear == 0)
    let (_, doubtful) = AmbiguousDecisions.count { 3 * third > 1 }
    #expect(doubtful == 1)
    let (whole, turned) = AmbiguousDecisions.count { (3 * third + 4).rounded(.down) }
    #expect(turned == 1 && whole.bound == 0)
    let (_, inside) = AmbiguousDecisions.count { (third + 4).rounded(.down) }
    #expect(inside == 0)
  }

  @Test("divisions that may meet zero have no finite bound")
  func division() {
    let difference = Tracked(1) / 3 - Tracked(1) / 3
    #expect((1 / (difference + Tracked(0x1p-30))).bound == .infinity)
    #expect((Tracked(1) / 0).value == .infinity)
  }
}
