import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Distiller")
struct DistillerTests {
  private static let pairs = Architecture.allCases.flatMap { teacher in
    Architecture.allCases.map { (teacher, $0) }
  }
  private let pool = WorkerPool(threads: 2)
  private let poses = PoseSource.given(TinyScene.cameras.map(\.pose))

  private func distiller(
    _ teacher: any RadianceField<Float>, _ student: any RadianceField<Float>,
    grid: OccupancyGrid, settings: DistillerSettings, inherits: Bool = true,
    pool: WorkerPool? = nil
  ) throws -> Distiller {
    try Distiller(
      teacher: teacher, student: student, grid: grid, camera: TinyScene.cameras[0], poses: poses,
      settings: settings, inherits: inherits, pool: pool ?? self.pool)
  }

  /// The loss of a stage on samples that the run does not draw, so that two calls can be compared.
  private func probeLoss(
    _ run: Distiller, _ stage: DistillationStage, _ batch: SampleBatch
  ) throws -> Double {
    let step = DistillationStep(
      teacher: FieldEvaluator(run.teacher, pool: pool),
      student: FieldEvaluator(run.student, pool: pool))
    let report = try step.accumulateGradients(
      batch, stage: stage, featureRate: 0.002, background: [1, 1, 1])
    run.student.clearGradients()
    return report.total
  }

  @Test("lowers the loss in every stage, for every pair of architectures", arguments: pairs)
  func everyPair(teacher: Architecture, student: Architecture) throws {
    let (field, grid) = try TinyScene.trainedTeacher(teacher, pool: pool)
    // The moments of the earlier stages, whose rates are a five-hundredth, make the first steps of
    // stage 3 too long; it needs some dozens to settle.
    let iterations = 180
    let run = try distiller(
      field, TinyFields.make(student, as: Float.self, seed: 22), grid: grid,
      settings: TinyScene.distillerSettings(student, iterations: iterations))
    let batch = try TinyScene.probe(grid: grid, pool: pool)
    var seen: [DistillationStage] = []
    while run.step < iterations {
      let stage = run.nextStage
      seen.append(stage)
      let before = try probeLoss(run, stage, batch)
      while run.step < iterations && run.nextStage == stage {
        let report = try run.advance()
        #expect(report.stage == stage && report.loss.isFinite)
        #expect((report.meanSquaredError != nil) == (stage == .image))
      }
      let after = try probeLoss(run, stage, batch)
      #expect(after < before, "stage \(stage.rawValue): \(before) → \(after)")
    }
    let comparesFeatures = teacher != .tensors && student != .tensors
    #expect(seen == (comparesFeatures ? [.features, .volume, .image] : [.volume, .image]))
  }

  @Test("gives the same bits for any number of threads", arguments: Architecture.allCases)
  func threads(student architecture: Architecture) throws {
    var expected: [Float]?
    for threads in [1, 2, 3] {
      let pool = WorkerPool(threads: threads)
      let student = TinyFields.make(architecture, as: Float.self, seed: 4)
      var settings = TinyScene.distillerSettings(architecture, iterations: 9)
      // More than one tile per lane, and a number of rays that follows the samples.
      settings.sampling.rays = 256
      settings.sampling.targetSamples = 4096
      settings.sampling.maximumRays = 1024
      let run = try distiller(
        TinyFields.make(.vm, as: Float.self, seed: 3), student, grid: try TinyScene.grid(),
        settings: settings, pool: pool)
      for _ in 0..<9 { _ = try run.advance() }
      let parameters = student.exportedParameters()
      #expect(parameters.allSatisfy { $0.isFinite })
      if let expected {
        #expect(parameters == expected, "\(threads) threads")
      } else {
        expected = parameters
      }
    }
  }

  @Test("leaves the teacher as it was")
  func frozenTeacher() throws {
    let teacher = TinyFields.make(.vm, as: Float.self, seed: 3)
    let before = teacher.exportedParameters()
    let run = try distiller(
      teacher, TinyFields.make(.hash, as: Float.self, seed: 4), grid: try TinyScene.grid(),
      settings: TinyScene.distillerSettings(.hash, iterations: 6))
    for _ in 0..<6 { _ = try run.advance() }
    #expect(teacher.exportedParameters() == before)
  }

  @Test("clamps the colour features of a vm teacher, unless it is to be taken as it was trained")
  func teacherClamp() throws {
    guard case .vm(var options) = TinyFields.configuration(.vm) else { return }
    options.clampsColorFeatures = false
    let teacher = VMField<Float>(options: options, seed: 1)
    for parameter in teacher.parameters { parameter.values.fill(1) }
    var settings = TinyScene.distillerSettings(.hash, iterations: 3)
    let clamped = try distiller(
      teacher, TinyFields.make(.hash, as: Float.self, seed: 4), grid: try TinyScene.grid(),
      settings: settings)
    // A sum of eighteen ones is above the clamp at 7.
    let batch = try TinyScene.probe(grid: try TinyScene.grid(), pool: pool)
    func largestFeature(_ run: Distiller) -> Float {
      let taps = FieldTaps<Float>()
      FieldEvaluator(run.teacher, pool: pool).forward(batch, detail: .features, into: taps)
      return taps.features[1].max() ?? 0
    }
    #expect(clamped.teacher !== teacher && largestFeature(clamped) == 7)
    #expect(clamped.teacher.exportedParameters() == teacher.exportedParameters())
    settings.compatibility.clampVMColorFeatures = false
    let trained = try distiller(
      teacher, TinyFields.make(.hash, as: Float.self, seed: 4), grid: try TinyScene.grid(),
      settings: settings)
    #expect(trained.teacher === teacher && largestFeature(trained) == 18)
  }

  @Test("keeps inherited networks where they are fixed, and trains the rest")
  func fixedNetworks() throws {
    var settings = TinyScene.distillerSettings(.mlp, iterations: 6)
    settings.fixesNetworks = true
    let teacher = TinyFields.make(.hash, as: Float.self, seed: 3)
    let student = TinyFields.make(.mlp, as: Float.self, seed: 4)
    let before = student.parameters.map { $0.exported() }
    let run = try distiller(teacher, student, grid: try TinyScene.grid(), settings: settings)
    for _ in 0..<6 { _ = try run.advance() }
    for (index, parameter) in student.parameters.enumerated() {
      if parameter.name.hasPrefix("nerf_mlp.") {
        #expect(parameter.exported() != before[index], "\(parameter.name)")
      } else {
        let inherited = try #require(teacher.parameter(named: parameter.name))
        #expect(parameter.exported() == inherited.exported(), "\(parameter.name)")
      }
    }
  }

  @Test("starts a student of the teacher's type apart, unless as released")
  func sameType() throws {
    for (compatibility, starts) in [(CompatibilityOptions.reference, false), (.original, true)] {
      var settings = TinyScene.distillerSettings(.hash, iterations: 3)
      settings.compatibility = compatibility
      let teacher = TinyFields.make(.hash, as: Float.self, seed: 3)
      let student = TinyFields.make(.hash, as: Float.self, seed: 4)
      _ = try distiller(teacher, student, grid: try TinyScene.grid(), settings: settings)
      #expect((student.exportedParameters() == teacher.exportedParameters()) == starts)
    }
  }

  @Test("starts fresh where inheritance is off")
  func withoutInheritance() throws {
    let student = TinyFields.make(.mlp, as: Float.self, seed: 4)
    let before = student.exportedParameters()
    _ = try distiller(
      TinyFields.make(.hash, as: Float.self, seed: 3), student, grid: try TinyScene.grid(),
      settings: TinyScene.distillerSettings(.mlp, iterations: 3), inherits: false)
    #expect(student.exportedParameters() == before)
  }

  @Test("takes random poses, a set of its own for every epoch")
  func randomPoses() throws {
    let run = try Distiller(
      teacher: TinyFields.make(.hash, as: Float.self, seed: 3),
      student: TinyFields.make(.vm, as: Float.self, seed: 4), grid: try TinyScene.grid(),
      camera: TinyScene.cameras[0], poses: .random(.synthetic, scale: 0.8),
      settings: TinyScene.distillerSettings(.vm, iterations: 3), pool: pool)
    let report = try run.advance()
    #expect(report.rays == TinyScene.sampling.rays && report.samples > 0)
  }

  @Test("refuses to run without a pose")
  func noPose() throws {
    let grid = try TinyScene.grid()
    #expect(throws: ValueError.self) {
      _ = try Distiller(
        teacher: TinyFields.make(.hash, as: Float.self),
        student: TinyFields.make(.vm, as: Float.self), grid: grid, camera: TinyScene.cameras[0],
        poses: .given([]), settings: DistillerSettings(student: .vm, iterations: 3), pool: pool)
    }
  }

  @Test("has the published settings as a preset")
  func published() {
    let settings = DistillerSettings.published(student: .vm)
    #expect(settings.iterations == 30_000)
    #expect(settings.stages == .published)
    #expect(settings.learningRate == 1e-2 && settings.secondaryRate == 1e-3)
    #expect(settings.minimumRate == 7e-5)
    #expect(settings.sampling.rays == 4096 && settings.sampling.viewsPerStep == 1)
    #expect(settings.sampling.hiddenTransmittance == 0 && settings.sampling.targetSamples == 0)
    #expect(DistillerSettings.published(student: .mlp).learningRate == 1e-3)
  }
}
