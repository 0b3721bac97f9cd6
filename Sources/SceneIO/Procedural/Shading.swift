/// How the colour of a surface changes from place to place.
package enum Pattern: Sendable {
  /// One colour.
  case plain(SIMD3<Double>)
  /// Two colours in cubes of `size` that alternate along every axis, shifted by `offset`.
  case checker(SIMD3<Double>, SIMD3<Double>, size: Double, offset: SIMD3<Double>)
  /// Two colours in slices of `width` that alternate along the unit vector `axis`.
  case stripes(SIMD3<Double>, SIMD3<Double>, width: Double, axis: SIMD3<Double>)

  /// The diffuse colour at a point.
  package func albedo(at point: SIMD3<Double>) -> SIMD3<Double> {
    switch self {
    case .plain(let color): return color
    case .checker(let even, let odd, let size, let offset):
      let cell = ((point - offset) / size).rounded(.down)
      return Self.isEven(cell.x + cell.y + cell.z) ? even : odd
    case .stripes(let even, let odd, let width, let axis):
      return Self.isEven((dot(point, axis) / width).rounded(.down)) ? even : odd
    }
  }

  private static func isEven(_ value: Double) -> Bool {
    value.truncatingRemainder(dividingBy: 2) == 0
  }
}

/// What a surface does with light.
package struct Material: Sendable {
  /// Diffuse colour.
  let pattern: Pattern
  /// Strength of the highlight, 0 for a matt surface.
  let gloss: Double
  /// The highlight falls off with the power `2^sharpness` of the cosine; a whole power of two needs
  /// multiplications only and is therefore the same on every machine.
  let sharpness: Int

  /// A surface; see the properties.
  package init(pattern: Pattern, gloss: Double, sharpness: Int) {
    self.pattern = pattern
    self.gloss = gloss
    self.sharpness = sharpness
  }
}

/// A distant light and the light that comes from everywhere.
package struct Lighting: Sendable {
  /// Unit vector towards the light.
  let direction: SIMD3<Double>
  /// Part of the albedo that is seen without the light.
  let ambient: Double
  /// Part of the albedo that the light adds when it falls perpendicularly.
  let diffuse: Double

  /// A light from `direction`, a unit vector.
  package init(direction: SIMD3<Double>, ambient: Double, diffuse: Double) {
    self.direction = direction
    self.ambient = ambient
    self.diffuse = diffuse
  }

  /// The display colour of a surface point (Blinn 1977).
  ///
  /// With albedo k, unit normal n, unit vectors l to the light and v to the eye, and half vector
  /// `h = (l + v) / |l + v|`,
  ///
  ///     c = k (ambient + diffuse · max(0, n·l)) + gloss · max(0, n·h)^(2^sharpness)
  ///
  /// per channel, cut at 1. Both terms of the light vanish in shadow and where `n·l ≤ 0`. The
  /// highlight makes the colour depend on the direction of view.
  package func color(
    of material: Material, at point: SIMD3<Double>, normal: SIMD3<Double>,
    toEye: SIMD3<Double>, isLit: Bool
  ) -> SIMD3<Double> {
    let albedo = material.pattern.albedo(at: point)
    let incidence = dot(normal, direction)
    var color = ambient * albedo
    if isLit && incidence > 0 {
      color += diffuse * incidence * albedo
      if material.gloss > 0 {
        var highlight = max(0, dot(normal, normalized(direction + toEye)))
        for _ in 0..<material.sharpness { highlight *= highlight }
        color += SIMD3(repeating: material.gloss * highlight)
      }
    }
    return pointwiseMin(color, SIMD3(repeating: 1))
  }
}
