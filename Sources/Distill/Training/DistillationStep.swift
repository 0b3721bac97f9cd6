public import Fields
public import NeRFCore

/// Loss and gradients of one distillation step on given samples.
///
/// Teacher and student are evaluated at the same samples; what is compared depends on the stage:
///
///     stage 1:  ρ·ℓ(F)
///     stage 2:  ρ_C·ℓ(C) + ρ_S·ℓ(S) + ρ·ℓ(F)
///     stage 3:  ρ_rgb·ℓ(I) + ρ_C·ℓ(C) + ρ_S·ℓ(S) + ρ·ℓ(F) + ρ_D·‖D‖₂ + ρ_L1·R     (R for a `vm` student)
///
/// D = Σ w t is the depth from the start of the march, compared as a norm whatever the kind of loss. With
/// ``selection`` the terms of F, C and S of stage 3 compare the chosen samples only. F only if both fields have it. A term with rate 0 is computed and not added. Fang et al. (2023),
/// section 3, with the weights of the released code; depth and selection from the released code of PVD-AL.
public final class DistillationStep<T: RadianceScalar>: @unchecked Sendable {
  /// The frozen field.
  public let teacher: FieldEvaluator<T>
  /// The field that learns.
  public let student: FieldEvaluator<T>
  /// How blocks are compared.
  public let kind: LossKind
  /// Weights.
  public let rates: LossRates
  /// Behaviour switches.
  public let compatibility: CompatibilityOptions
  /// Factor of σ in front of compositing, for both fields.
  public var densityScale: T = 1
  /// Which samples the terms of F, C and S compare in ``activeStages``; nil for all.
  public var selection: SampleSelection?
  /// Stages in which ``selection`` holds and rays are composited.
  public var activeStages = ActiveStages()

  /// Taps of the teacher in the last step.
  public let teacherTaps = FieldTaps<T>()
  /// Taps of the student in the last step.
  public let studentTaps = FieldTaps<T>()
  /// Gradients of the weighted loss with respect to the student's taps in the last step.
  public let tapGradients = FieldTaps<T>()
  private let store: ActivationStore<T>
  /// Composited rays of the last step of stage 3, before the background.
  public private(set) var studentRays: CompositedRays<T>?
  /// The teacher's composited rays.
  public private(set) var teacherRays: CompositedRays<T>?
  /// What ``selection`` chose in the last step, ascending; nil where all samples were compared.
  public private(set) var selectedRows: [Int]?

  /// A step between two evaluators, which must use the same number of threads.
  public init(
    teacher: FieldEvaluator<T>, student: FieldEvaluator<T>, kind: LossKind = .normL2,
    rates: LossRates = LossRates(), compatibility: CompatibilityOptions = .reference,
    activationBudget: Int = 768 << 20
  ) {
    self.teacher = teacher
    self.student = student
    self.kind = kind
    self.rates = rates
    self.compatibility = compatibility
    store = ActivationStore(budget: activationBudget)
  }

  private var pool: WorkerPool { student.pool }

  /// Whether F can be compared.
  public var comparesFeatures: Bool {
    teacher.field.hasFeatures && student.field.hasFeatures && rates.features != 0
  }

  /// Evaluates both fields on `batch` and adds the gradients of the weighted loss to the student.
  ///
  /// - Parameters:
  ///   - stage: Which terms there are.
  ///   - featureRate: ρ of this step.
  ///   - background: rgb behind every ray, shape `[rays, 3]` or `[3]`; only stage 3 reads it.
  /// - Throws: ``ShapeError`` if `background` fits neither, or if the feature vectors to be compared differ
  ///   in length.
  public func accumulateGradients(
    _ batch: SampleBatch, stage: DistillationStage, featureRate: Double, background: [T]
  ) throws -> LossTerms<T.Sum> {
    let report = try compare(
      batch, stage: stage, featureRate: featureRate, background: background, keeping: store)
    student.backward(
      batch, detail: stage.detail, taps: studentTaps, cotangents: tapGradients, store: store)
    if stage == .image, rates.l1 != 0, let factors = student.field as? VMField<T> {
      factors.accumulateDensityL1Gradient(weight: T(rates.l1), pool: pool)
    }
    return report
  }

  /// The terms that ``accumulateGradients(_:stage:featureRate:background:)`` returns, without gradients of
  /// parameters.
  public func losses(
    _ batch: SampleBatch, stage: DistillationStage, featureRate: Double, background: [T]
  ) throws -> LossTerms<T.Sum> {
    try compare(
      batch, stage: stage, featureRate: featureRate, background: background, keeping: nil)
  }

  /// Evaluates both fields, their terms, and the gradients with respect to the student's taps.
  private func compare(
    _ batch: SampleBatch, stage: DistillationStage, featureRate: Double, background: [T],
    keeping store: ActivationStore<T>?
  ) throws -> LossTerms<T.Sum> {
    try checkFeatures()
    let detail = stage.detail
    teacher.forward(batch, detail: detail, into: teacherTaps)
    student.forward(batch, detail: detail, into: studentTaps, keeping: store)
    if compatibility.clampEditedTargets {
      teacherTaps.clampLogDensities(of: teacher.field, to: student.field.frame)
    }
    tapGradients.resize(to: batch.count, featureCount: student.field.featureCount)
    tapGradients.clear(pool)
    var report = LossTerms<T.Sum>()
    let rows = compatibility.lossIncludesPaddingRows ? batch.count : batch.usedCount
    selectedRows = nil
    let isActive = activeStages.contains(stage)
    if stage == .image || isActive { try composite(batch, selects: isActive) }
    if comparesFeatures {
      report.features = add(
        TapRow.features, studentTaps.featureCount, rows: rows, rate: featureRate, to: &report)
    }
    if stage != .features {
      report.color = add(TapRow.color, 3, rows: rows, rate: rates.color, to: &report)
      report.density = add(TapRow.logDensity, 1, rows: rows, rate: rates.density, to: &report)
    }
    if stage == .image {
      try addImageTerm(batch, background: background, to: &report)
      if let factors = student.field as? VMField<T> {
        report.l1 = factors.densityL1(pool: pool)
        if rates.l1 != 0 { report.total += T.Sum(rates.l1) * report.l1 }
      }
    }
    return report
  }

  private func checkFeatures() throws(ShapeError) {
    let (expected, actual) = (teacher.field.featureCount, student.field.featureCount)
    guard comparesFeatures, expected != actual else { return }
    throw ShapeError(
      in: "DistillationStep", "student features", expected: [expected], actual: [actual],
      fix: "Give the student as many colour features as the teacher has, or a feature rate of 0.")
  }

  /// Adds one tap term; returns its value before the rate.
  private func add(
    _ first: Int, _ number: Int, rows: Int, rate: Double,
    to report: inout LossTerms<T.Sum>
  ) -> T.Sum {
    let all = first..<first + number
    guard let selectedRows else {
      return compare(
        all.map { UnsafePointer(studentTaps.row($0)) },
        all.map { UnsafePointer(teacherTaps.row($0)) }, all.map { tapGradients.row($0) },
        count: rows, rate: rate, to: &report)
    }
    let chosen = GatheredRows(selectedRows, rows: number, pool: pool)
    return chosen.compared(
      all.map { UnsafePointer(studentTaps.row($0)) },
      all.map { UnsafePointer(teacherTaps.row($0)) }, into: all.map { tapGradients.row($0) }
    ) { compare($0, $1, $2, count: selectedRows.count, rate: rate, to: &report) }
  }

  private func compare(
    _ student: [UnsafePointer<T>], _ teacher: [UnsafePointer<T>],
    _ gradients: [UnsafeMutablePointer<T>], count: Int, rate: Double,
    to report: inout LossTerms<T.Sum>
  ) -> T.Sum {
    let block = LossBlock(kind: kind, student: student, teacher: teacher, count: count)
    let value = block.value(pool: pool)
    guard rate != 0 else { return value }
    report.total += T.Sum(rate) * value
    block.accumulateGradient(rate: T.Sum(rate), value: value, into: gradients, pool: pool)
    return value
  }

  /// Composites both fields, and chooses the samples to compare.
  private func composite(_ batch: SampleBatch, selects: Bool) throws {
    let teacherRays = try batch.composite(
      densities: scaled(teacherTaps.densities).span,
      colors: teacherTaps.interleavedColors(pool: pool).span, pool: pool)
    let studentRays = try batch.composite(
      densities: scaled(studentTaps.densities).span,
      colors: studentTaps.interleavedColors(pool: pool).span, pool: pool)
    self.teacherRays = teacherRays
    self.studentRays = studentRays
    guard selects else { return }
    selectedRows = try selection?.rows(
      of: batch, student: studentRays, teacher: teacherRays, pool: pool)
  }

  private func addImageTerm(
    _ batch: SampleBatch, background: [T], to report: inout LossTerms<T.Sum>
  ) throws {
    guard let teacherRays, let studentRays else { return }
    let studentColors = studentTaps.interleavedColors(pool: pool)
    let target = try teacherRays.pixels(over: background)
    let pixels = try studentRays.pixels(over: background)
    var imageGradients = [T](repeating: 0, count: pixels.count)
    pixels.withUnsafeBufferPointer { pixels in
      target.withUnsafeBufferPointer { target in
        imageGradients.withUnsafeMutableBufferPointer { gradients in
          guard let p = pixels.baseAddress, let t = target.baseAddress,
            let g = gradients.baseAddress
          else { return }
          let block = LossBlock(kind: kind, student: [p], teacher: [t], count: pixels.count)
          report.rgb = block.value(pool: pool)
          report.meanSquaredError = LossBlock(
            kind: .meanL2, student: [p], teacher: [t], count: pixels.count
          ).value(pool: pool)
          guard rates.rgb != 0 else { return }
          report.total += T.Sum(rates.rgb) * report.rgb
          block.accumulateGradient(
            rate: T.Sum(rates.rgb), value: report.rgb, into: [g], pool: pool)
        }
      }
    }
    let depthGradients = depthTerm(studentRays.depth, teacherRays.depth, to: &report)
    var gradients = try batch.compositeGradients(
      studentRays, colors: studentColors.span, imageGradients: imageGradients,
      opacityGradients: CompositedRays<T>.opacityGradients(
        imageGradients: imageGradients, background: background),
      depthGradients: depthGradients, pool: pool)
    gradients.densities = scaled(gradients.densities)
    tapGradients.addCompositing(gradients, pool: pool)
  }

  /// Adds ρ_D ‖D_s − D_t‖₂; returns its gradient with respect to the student's depths, if it has a rate.
  private func depthTerm(
    _ student: [T], _ teacher: [T], to report: inout LossTerms<T.Sum>
  ) -> [T]? {
    var gradients = [T](repeating: 0, count: student.count)
    student.withUnsafeBufferPointer { student in
      teacher.withUnsafeBufferPointer { teacher in
        gradients.withUnsafeMutableBufferPointer { gradients in
          guard let s = student.baseAddress, let t = teacher.baseAddress,
            let g = gradients.baseAddress
          else { return }
          let block = LossBlock(kind: .normL2, student: [s], teacher: [t], count: student.count)
          report.depth = block.value(pool: pool)
          guard rates.depth != 0 else { return }
          report.total += T.Sum(rates.depth) * report.depth
          block.accumulateGradient(
            rate: T.Sum(rates.depth), value: report.depth, into: [g], pool: pool)
        }
      }
    }
    return rates.depth == 0 ? nil : gradients
  }

  private func scaled(_ values: [T]) -> [T] {
    densityScale == 1 ? values : values.map { $0 * densityScale }
  }
}
