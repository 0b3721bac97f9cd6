import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Spherical harmonics")
struct SphericalHarmonicsTests {
  /// The values of the published real basis up to band 3.
  @Test("one direction has the known values")
  func knownValues() {
    let d = [1.0, 2, 3].map { $0 / 14.0.squareRoot() }
    let values = SphericalHarmonics(degree: 4).values(x: d[0], y: d[1], z: d[2])
    let expected = [
      0.282094792, -0.261169028, 0.391753542, -0.130584514, 0.156078347, -0.468235042, 0.292863596,
      -0.234117521, -0.117058760, 0.022527969, 0.331092173, -0.540952781, 0.064115724, -0.270476391,
      -0.248319130, 0.123903829,
    ]
    // Nine digits are given.
    for (a, b) in zip(values, expected) { #expect(Float(a).isClose(to: Float(b), .single)) }
  }

  @Test("the explicit polynomials of band 4 are reproduced")
  func bandFour() {
    let (x, y, z) = (0.3, -0.8, 1.1)
    let values = SphericalHarmonics(degree: 5).values(x: x, y: y, z: z)
    let (x2, y2, z2) = (x * x, y * y, z * z)
    let expected = [
      2.5033429417967046 * x * y * (x2 - y2), 1.7701307697799304 * y * z * (y2 - 3 * x2),
      0.94617469575756008 * x * y * (7 * z2 - 1), 0.66904654355728921 * y * z * (3 - 7 * z2),
      3.7024941420321507 * z2 * z2 - 3.1735664074561294 * z2 + 0.31735664074561293,
      0.66904654355728921 * x * z * (3 - 7 * z2), 0.47308734787878004 * (x2 - y2) * (7 * z2 - 1),
      1.7701307697799304 * x * z * (3 * y2 - x2),
      0.62583573544917614 * (x2 * x2 - 6 * x2 * y2 + y2 * y2),
    ]
    #expect(
      Comparison("band 4", actual: Array(values[16...]), expected: expected, .reference, scale: 4)
        .passed)
  }

  @Test("the zero direction of padding rows has only the terms without a direction")
  func zeroDirection() {
    let values = SphericalHarmonics(degree: 4).values(x: 0.0, y: 0, z: 0)
    for (index, value) in values.enumerated() where index != 0 && index != 6 { #expect(value == 0) }
    #expect(values[6].isClose(to: -0.31539156525251999, .reference))
  }

  /// The trapezoidal rule in the azimuth and Gauss' rule would be exact; a fine midpoint rule over
  /// cos θ converges with the square of its step, 1e-6 here.
  @Test("the basis is orthonormal on the sphere")
  func orthonormal() {
    let harmonics = SphericalHarmonics(degree: 4)
    let (rings, points) = (400, 32)
    var products = [Double](repeating: 0, count: 256)
    for ring in 0..<rings {
      let z = (Double(ring) + 0.5) / Double(rings) * 2 - 1
      let radius = (1 - z * z).squareRoot()
      for point in 0..<points {
        let angle = 2 * Double.pi * Double(point) / Double(points)
        let y = harmonics.values(x: radius * cos(angle), y: radius * sin(angle), z: z)
        for i in 0..<16 { for j in 0..<16 { products[16 * i + j] += y[i] * y[j] } }
      }
    }
    let weight = 4 * Double.pi / Double(rings * points)
    for i in 0..<16 {
      for j in 0..<16 {
        #expect((products[16 * i + j] * weight).isClose(to: i == j ? 1 : 0, .framework, scale: 1))
      }
    }
  }

  @Test("the gradient matches central differences, on the sphere and off it", arguments: 1...8)
  func gradient(degree: Int) throws {
    var random = SplitMix64(seed: UInt64(degree))
    let harmonics = SphericalHarmonics(degree: degree)
    let g = random.doubles(degree * degree, in: -1...1)
    for length in [1.0, 0.4, 1.3] {
      let d = [0.36, -0.48, 0.8].map { $0 * length }
      let gradient = harmonics.gradient(x: d[0], y: d[1], z: d[2], cotangents: g)
      let check = try GradientCheck(
        of: [gradient.x, gradient.y, gradient.z], at: d, floor: degree == 1 ? 1 : nil
      ) { zip(g, harmonics.values(x: $0[0], y: $0[1], z: $0[2])).reduce(0) { $0 + $1.0 * $1.1 } }
      #expect(check.passes(), "\(check)")
    }
  }
}
