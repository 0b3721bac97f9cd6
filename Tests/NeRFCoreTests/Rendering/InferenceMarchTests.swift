import Foundation
import GoldenKit
import NeRFCore
import TestSupport
import Testing

@Suite("Inference march")
struct InferenceMarchTests {
  /// `σ = 30 exp(−8 |x − c|²)`, `rgb = ½ + ½ sin(3x + ½d + (0, 1, 2))`, c = (0.15, −0.1, 0.05).
  private func blob<T: RadianceScalar>(_ samples: SampleBatch) -> FieldSamples<T> {
    let center: [T] = [0.15, -0.1, 0.05]
    var densities: [T] = []
    var colors: [T] = []
    for row in 0..<samples.count {
      var square = T.zero
      for axis in 0..<3 {
        let offset = T(samples.positions[axis][row]) - center[axis]
        square += offset * offset
        let phase = 3 * T(samples.positions[axis][row]) + T(0.5) * T(samples.directions[axis][row])
        colors.append(T(0.5) + T(0.5) * T.sin(phase + T(axis)))
      }
      densities.append(30 * T.exp(-8 * square))
    }
    return FieldSamples(densities: densities, colors: colors)
  }

  private struct Scene {
    let grid: OccupancyGrid
    let rays: RayBatch<Float>
    let intervals: RayIntervals<Float>
    var settings: InferenceSettings
  }

  private func scene(_ golden: GoldenCase) throws -> Scene {
    let config = golden.config
    var grid = try OccupancyGrid(
      bound: config.float("bound"), resolution: config.int("grid_size"),
      cascades: config.int("cascade"))
    try grid.load(bits: golden.integers("in.bitfield").map { UInt8(truncatingIfNeeded: $0) })
    let rays = try RayBatch(
      originRows: golden.floats("in.rays_o"), directionRows: golden.floats("in.rays_d"))
    return Scene(
      grid: grid, rays: rays,
      intervals: try rays.intervals(
        in: AxisAlignedBox(halfSize: config.double("bound")),
        minimumNear: config.float("min_near")),
      settings: InferenceSettings(
        march: MarchSettings(
          maximumSteps: try config.int("max_steps"), stepGrowth: try config.float("dt_gamma")),
        original: true))
  }

  private func render<T: RadianceScalar>(
    _ scene: Scene, threads: Int = 1, background: [T] = [1, 1, 1],
    observe: ((InferenceRound<T>) -> Void)? = nil
  ) throws -> RenderedRays<T> {
    try scene.grid.render(
      scene.rays, intervals: scene.intervals, background: background, settings: scene.settings,
      pool: WorkerPool(threads: threads), observe: observe, evaluate: blob)
  }

  @Test("has the same bits for any number of threads, with and without padding rows")
  func threads() throws {
    var scene = try scene(GoldenCase(named: "march_composite_inference_b1"))
    let padded: RenderedRays<Float> = try render(scene)
    scene.settings.original = false
    let one: RenderedRays<Float> = try render(scene)
    #expect(one.image == padded.image)
    for threads in [2, 3] {
      let many: RenderedRays<Float> = try render(scene, threads: threads)
      #expect(many == one)
    }
  }

  @Test("gives rays that miss depth 0, and NaN only as the released code")
  func missedRays() throws {
    var scene = try scene(GoldenCase(named: "march_composite_inference_b1"))
    let missed = scene.intervals.near.indices.filter {
      scene.intervals.near[$0] == RayIntervals<Float>.missed
    }
    #expect(!missed.isEmpty)
    let original: RenderedRays<Float> = try render(scene)
    scene.settings.original = false
    let reference: RenderedRays<Float> = try render(scene)
    for ray in missed {
      #expect(original.depth[ray].isNaN && reference.depth[ray] == 0)
      #expect(reference.opacity[ray] == 0 && reference.image[3 * ray] == 1)
    }
  }

  /// The same samples composited in one piece differ by what is left behind the cut at 1e-4.
  @Test("agrees with the training march where nothing is cut off")
  func agreesWithTraining() throws {
    var scene = try scene(GoldenCase(named: "march_composite_inference_b1"))
    scene.settings.transmittanceThreshold = 0
    let rendered: RenderedRays<Double> = try render(scene)
    let samples = try scene.grid.march(
      scene.rays, intervals: scene.intervals, settings: scene.settings.march,
      pool: WorkerPool(threads: 1)
    ).samples
    let field: FieldSamples<Double> = blob(samples)
    let result = try samples.composite(
      densities: field.densities.span, colors: field.colors.span, pool: WorkerPool(threads: 1))
    let pixels = try result.pixels(over: [1, 1, 1])
    // Rounds restart the single-precision sum of distances, which moves a position by an ulp of 4.
    let comparison = Comparison(
      "image", actual: rendered.image, expected: pixels, .framework, scale: 1)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("of an empty grid is the background, and of no rays empty")
  func emptyGrid() throws {
    let grid = try OccupancyGrid(resolution: 16)
    let rays = try MarchFixtures.rays(20, seed: 1)
    func render(_ rays: RayBatch<Float>) throws -> RenderedRays<Float> {
      try grid.render(
        rays, intervals: MarchFixtures.intervals(rays, grid), background: [0.25, 0.5, 1],
        pool: WorkerPool(threads: 1), evaluate: blob)
    }
    let image = try render(rays).image
    #expect(image == (0..<rays.count).flatMap { _ in [Float(0.25), 0.5, 1] })
    #expect(try render(rays.slice(0..<0)).image.isEmpty)
  }

  @Test("refuses a field's answer of the wrong size, and passes on its errors")
  func errors() throws {
    struct Stop: Error {}
    let grid = try MarchFixtures.grid()
    let rays = try MarchFixtures.rays(20, seed: 1)
    let intervals = MarchFixtures.intervals(rays, grid)
    let pool = WorkerPool(threads: 1)
    let white: [Float] = [1, 1, 1]
    #expect(throws: ShapeError.self) {
      try grid.render(rays, intervals: intervals, background: white, pool: pool) { _ in
        FieldSamples(densities: [1], colors: [1, 1, 1, 1])
      }
    }
    #expect(throws: Stop.self) {
      try grid.render(rays, intervals: intervals, background: white, pool: pool) { _ in throw Stop()
      }
    }
    #expect(throws: ShapeError.self) {
      try grid.render(
        rays, intervals: intervals, background: [Float(1)], pool: pool, evaluate: blob)
    }
    #expect(throws: ShapeError.self) {
      try grid.render(
        rays.slice(0..<2), intervals: intervals, background: white, pool: pool, evaluate: blob)
    }
  }
}
