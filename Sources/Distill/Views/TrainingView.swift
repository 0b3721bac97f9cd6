public import NeRFCore

/// A photograph with its camera, as training needs it.
public struct TrainingView: Sendable {
  /// The camera, in marching axes.
  public let camera: Camera
  /// `[height, width, channels]`, straight alpha, 0...1.
  public let pixels: [Float]
  /// 3 (opaque) or 4.
  public let channels: Int

  /// - Throws: ``ShapeError`` if the pixels do not fill the camera's image.
  public init(camera: Camera, pixels: [Float], channels: Int) throws(ShapeError) {
    guard channels == 3 || channels == 4, pixels.count == camera.width * camera.height * channels
    else {
      throw ShapeError(
        in: "TrainingView.init", "pixels", expected: [camera.height, camera.width, channels],
        actual: [pixels.count], fix: "Pass rgb or rgba of every pixel.")
    }
    self.camera = camera
    self.pixels = pixels
    self.channels = channels
  }

  /// The pixel's colour over `background`: rgb·a + (1 − a)·background.
  func color(ofPixel pixel: Int, over background: SIMD4<Float>) -> SIMD3<Float> {
    let base = pixel * channels
    let rgb = SIMD3(pixels[base], pixels[base + 1], pixels[base + 2])
    guard channels == 4 else { return rgb }
    let alpha = pixels[base + 3]
    return rgb * alpha + SIMD3(background.x, background.y, background.z) * (1 - alpha)
  }
}

/// The rays of one step and what is known of their pixels.
struct StepRays {
  var rays: RayBatch<Float>
  /// rgb behind each ray, `[rays, 3]`.
  var background: [Float]
  /// Colours of the photographs over the background, `[rays, 3]`; empty without photographs.
  var targets: [Float]
}

/// Draws the rays of a step: which cameras, which pixels, which backgrounds.
///
/// Everything is a function of seed and step, so a resumed run draws what the first would have drawn.
struct RaySampler {
  let seed: UInt64
  /// Cameras that share a step; the rays are divided evenly among them.
  let viewsPerStep: Int

  /// The views of a step: each view once per epoch, in an order drawn for the epoch.
  func views(step: Int, of count: (_ epoch: Int) -> Int) -> [(epoch: Int, view: Int)] {
    let size = count(0)
    return (0..<viewsPerStep).map { slot in
      let draw = (step - 1) * viewsPerStep + slot
      let epoch = draw / size
      let order = CounterRandom(seed: seed, purpose: .shuffle, stream: epoch).permutation(of: size)
      return (epoch, order[draw % size])
    }
  }

  /// The rays of one of the cameras of a step.
  func rays(ofSlot slot: Int, of slots: Int, count: Int) -> Range<Int> {
    count * slot / slots..<count * (slot + 1) / slots
  }

  /// rgb behind one ray of a step.
  func background(step: Int, ray: Int) -> [Float] {
    let color = CounterRandom(seed: seed, purpose: .background, stream: step).uniform4(at: ray)
    return [color.x, color.y, color.z]
  }

  /// Rays through uniformly drawn pixels, with replacement, of the given cameras.
  ///
  /// - Parameter views: Photographs of the same cameras, or nil.
  func draw(
    step: Int, rayCount: Int, cameras: [Camera], views: [TrainingView]?, randomBackground: Bool
  ) throws -> StepRays {
    let pixelRandom = CounterRandom(seed: seed, purpose: .pixels, stream: step)
    let backgroundRandom = CounterRandom(seed: seed, purpose: .background, stream: step)
    var origins = [[Float]](repeating: [], count: 3)
    var directions = origins
    var background: [Float] = []
    var targets: [Float] = []
    background.reserveCapacity(3 * rayCount)
    if views != nil { targets.reserveCapacity(3 * rayCount) }
    for (slot, camera) in cameras.enumerated() {
      let range = rays(ofSlot: slot, of: cameras.count, count: rayCount)
      let pixels = range.map {
        pixelRandom.integer(at: $0, below: camera.width * camera.height)
      }
      let rays: RayBatch<Float> = try camera.rays(pixels: pixels)
      for axis in 0..<3 {
        origins[axis] += rays.origins[axis]
        directions[axis] += rays.directions[axis]
      }
      for (ray, pixel) in zip(range, pixels) {
        let color = randomBackground ? backgroundRandom.uniform4(at: ray) : SIMD4(repeating: 1)
        background += [color.x, color.y, color.z]
        if let views {
          let target = views[slot].color(ofPixel: pixel, over: color)
          targets += [target.x, target.y, target.z]
        }
      }
    }
    return StepRays(
      rays: try RayBatch(origins: origins, directions: directions), background: background,
      targets: targets)
  }
}
