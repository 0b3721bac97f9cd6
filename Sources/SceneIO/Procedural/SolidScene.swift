import NeRFCore

/// A solid with its surface.
package struct SceneObject: Sendable {
  let solid: Solid
  let material: Material

  /// A solid covered by a material.
  package init(solid: Solid, material: Material) {
    self.solid = solid
    self.material = material
  }
}

/// Opaque solids under one light, with an image of any camera in closed form.
///
/// Coordinates are those of Blender files: z up, units of the data set. All objects lie within
/// ``boundingRadius`` of the origin.
package struct SolidScene: Sendable {
  let objects: [SceneObject]
  let lighting: Lighting
  let boundingRadius: Double

  /// A scene; objects that reach beyond `boundingRadius` may be cut off.
  package init(objects: [SceneObject], lighting: Lighting, boundingRadius: Double) {
    self.objects = objects
    self.lighting = lighting
    self.boundingRadius = boundingRadius
  }

  /// The display colour seen along a ray, or nil if it passes every solid.
  package func color(along ray: SceneRay) -> SIMD3<Double>? {
    guard mayHit(ray) else { return nil }
    var nearest: (hit: SurfaceHit, index: Int)?
    for (index, object) in objects.enumerated() {
      if let hit = object.solid.entry(of: ray), hit.distance < nearest?.hit.distance ?? .infinity {
        nearest = (hit, index)
      }
    }
    guard let nearest else { return nil }
    let normal = nearest.hit.normal
    let point = ray.point(at: nearest.hit.distance)
    var isLit = dot(normal, lighting.direction) > 0
    if isLit {
      // Lifted off the surface, so that rounding does not let a solid shade itself.
      let shadow = SceneRay(origin: point + 1e-6 * normal, direction: lighting.direction)
      isLit = !objects.contains { $0.solid.entry(of: shadow) != nil }
    }
    return lighting.color(
      of: objects[nearest.index].material, at: point, normal: normal, toEye: -ray.direction,
      isLit: isLit)
  }

  private func mayHit(_ ray: SceneRay) -> Bool {
    let along = dot(ray.origin, ray.direction)
    return dot(ray.origin, ray.origin) - along * along < boundingRadius * boundingRadius
  }

  /// The picture a camera takes.
  ///
  /// Each pixel is cut into `side × side` cells with one ray through a random place of each. With
  /// `n` hits of colours `cᵢ` among `N = side²` rays,
  ///
  ///     alpha = n / N,    rgb = Σ cᵢ / n    (0 where n = 0)
  ///
  /// that is, straight alpha. The random numbers depend on seed, `stream`, pixel and cell alone.
  ///
  /// - Parameters:
  ///   - camera: Pose in marching axes, as ``NeRFCore/CameraPose/convertedFromBlender(scale:)`` of
  ///     `scale` makes it.
  ///   - scale: Scene units of the camera per Blender unit.
  ///   - side: Square root of the number of rays per pixel.
  ///   - seed: Chooses the places of the rays.
  ///   - stream: Separates pictures of one seed.
  package func image(
    of camera: Camera, scale: Double, side: Int, seed: UInt64, stream: Int
  ) -> ImageBuffer {
    let random = CounterRandom(seed: seed, purpose: .scene, stream: stream)
    let m = camera.pose.matrix
    let lens = camera.intrinsics
    // Marching axes (x, y, z) are the Blender axes (y, z, x).
    let origin = SIMD3(m[11], m[3], m[7]) / scale
    var pixels: [Float] = []
    pixels.reserveCapacity(camera.width * camera.height * 4)
    for row in 0..<camera.height {
      for column in 0..<camera.width {
        var sum = SIMD3<Double>.zero
        var hits = 0
        let firstCell = (row * camera.width + column) * side * side
        for cell in 0..<side * side {
          let offset = SIMD4<Double>(random.uniform4(at: firstCell + cell))
          let u = Double(column) + (Double(cell % side) + offset.x) / Double(side)
          let v = Double(row) + (Double(cell / side) + offset.y) / Double(side)
          let x = (u - lens.centerX) / lens.focalX
          let y = (v - lens.centerY) / lens.focalY
          let marching = SIMD3(
            m[0] * x + m[1] * y + m[2], m[4] * x + m[5] * y + m[6], m[8] * x + m[9] * y + m[10])
          let direction = normalized(SIMD3(marching.z, marching.x, marching.y))
          if let color = color(along: SceneRay(origin: origin, direction: direction)) {
            sum += color
            hits += 1
          }
        }
        let mean = hits == 0 ? .zero : sum / Double(hits)
        pixels += [
          Float(mean.x), Float(mean.y), Float(mean.z), Float(Double(hits) / Double(side * side)),
        ]
      }
    }
    return ImageBuffer(
      checkedWidth: camera.width, height: camera.height, channels: 4, pixels: pixels)
  }
}
