import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO
import Workloads

/// One measurement of the end-to-end benchmark, taken by a process that does nothing else.
struct EndToEndMeasurement {
  var preset: Preset
  var seconds: Double
  var pool: WorkerPool
  /// Where the teacher's checkpoint is, or goes.
  var checkpoint: URL

  private var isa: String { FastKernels.instructionSet }
  private static let scale = 0.8

  /// Trains until the test views have a PSNR, or until time is up; then measures steps.
  ///
  /// The PSNR is measured between steps, a quarter of the time at most, and that time does not count.
  func training(
    _ architecture: Architecture, scene: URL, target: Double, limit: Double
  ) throws -> TrainingRecord {
    var options = BlenderSceneOptions()
    options.scale = Self.scale
    let dataset = try BlenderScene.load(
      folder: scene, split: .train, options: options, pool: pool)
    let test = ViewSet(
      try BlenderScene.load(folder: scene, split: .test, options: options, pool: pool), limit: 4)
    let settings = TrainerSettings(architecture: architecture, iterations: 2000)
    let trainer = try FieldTrainer(
      field: preset.configuration(of: architecture).forPhotographs.makeField(
        as: Float.self, frame: FieldFrame(), seed: 0),
      views: dataset.frames.map {
        try TrainingView(camera: $0.camera, pixels: $0.image.pixels, channels: $0.image.channels)
      }, settings: settings, pool: pool)
    var trained = 0.0
    var (psnr, reached): (Double, Double?) = (0, nil)
    var pause = 0.25
    while reached == nil && trained < limit && trainer.step < settings.iterations {
      let start = monotonicSeconds()
      while monotonicSeconds() - start < min(pause, limit - trained)
        && trainer.step < settings.iterations
      {
        _ = try trainer.advance()
      }
      trained += monotonicSeconds() - start
      let evaluation = monotonicSeconds()
      psnr =
        MeanScore(
          try FieldRenderer(trainer, settings: .training(settings), pool: pool).scores(test)
        ).psnr ?? 0
      pause = max(pause, 3 * (monotonicSeconds() - evaluation))
      if psnr >= target { reached = trained }
    }
    let steps = trainer.step
    var rates = try StepRates(
      seconds: seconds, period: settings.occupancy.interval(after: steps), limit: limit,
      times: { trainer.times.seconds }, advance: trainer.advance)
    // A window has few updates of the occupancy grid; the whole training has many.
    let window = 1e-3 * rates.step_ms * Double(rates.steps)
    rates.profile = StepRates.profile(trainer.times.seconds, of: trained + window)
    let peak = peakMegabytes()
    let view = try ViewTemplate(cameras: dataset.frames.map(\.camera), scale: Self.scale)
    try Checkpoint.save(
      trainer, view: view, settings: .training(settings), inputs: [:], resumable: false,
      to: checkpoint)
    return TrainingRecord(
      architecture: architecture.rawValue, threads: pool.threads, isa: isa, rates: rates,
      target_psnr: target, seconds_to_target: reached, trained_s: trained, trained_steps: steps,
      psnr: psnr, peak_mb: peak)
  }

  /// Renders square images from a circle around the scene, at least one.
  ///
  /// A field that needs longer than `limit` for an image renders bands of eight rows instead, spread evenly
  /// over it, until that time is up: a part of an image, whose cost per pixel is that of the whole.
  func rendering(size: Int, limit: Double) throws -> RenderingRecord {
    let loaded = try Checkpoint.load(checkpoint)
    let renderer = FieldRenderer(loaded, pool: pool)
    func cameras(_ size: Int) -> [Camera] {
      ViewSet(orbit: 8, loaded.record.view, size: (size, size)).views.map(\.camera)
    }
    // A small image first: scratch memory is there afterwards, and it tells what a large one takes.
    let small = max(1, size / 8)
    let probe = try Timing.measure { _ = try renderer.render(cameras(small)[0]) }
    let isWhole = probe * Double(size * size) / Double(small * small) <= limit
    let views = isWhole ? cameras(size) : cameras(size)[0].bands(ofRows: 8)
    let start = monotonicSeconds()
    var (count, pixels) = (0, 0)
    while count == 0
      || monotonicSeconds() - start < (isWhole ? seconds : limit)
        && (isWhole || count < views.count)
    {
      let camera = views[count % views.count]
      _ = try renderer.render(camera)
      count += 1
      pixels += camera.width * camera.height
    }
    let rate = Double(pixels) / (monotonicSeconds() - start)
    return RenderingRecord(
      architecture: loaded.field.architecture.rawValue, threads: pool.threads, isa: isa,
      size: size, images: Double(pixels) / Double(size * size), in_bands: !isWhole,
      images_per_s: rate / Double(size * size), rays_per_s: rate, peak_mb: peakMegabytes())
  }

  /// Takes steps of one stage with a fresh student.
  func distillation(_ student: Architecture, stage: DistillationStage) throws -> DistillationRecord
  {
    let loaded = try Checkpoint.load(checkpoint)
    var settings = DistillerSettings(student: student, iterations: 1500)
    // Borders that keep every step in the stage.
    settings.stages =
      switch stage {
      case .features: StageSchedule(first: .max, second: .max)
      case .volume: StageSchedule(first: 1, second: .max)
      case .image: StageSchedule(first: 1, second: 1)
      }
    let view = loaded.record.view
    let distiller = try Distiller(
      teacher: loaded.field,
      student: preset.configuration(of: student).makeField(
        as: Float.self, frame: loaded.field.frame, seed: 0), grid: loaded.grid,
      camera: view.camera(pose: .looking(from: SIMD3(0, 0, view.distance), at: SIMD3())),
      poses: .random(.synthetic, scale: view.scale), settings: settings, pool: pool)
    var record = DistillationRecord(
      teacher: loaded.field.architecture.rawValue, student: student.rawValue,
      stage: stage.rawValue, threads: pool.threads, isa: isa)
    guard distiller.nextStage == stage else { return record }
    // The number of rays a step settles within some steps.
    let start = monotonicSeconds()
    while distiller.step < 2 || (distiller.step < 8 && monotonicSeconds() - start < seconds) {
      _ = try distiller.advance()
    }
    record.rates = try StepRates(
      seconds: seconds, times: { distiller.times.seconds }, advance: distiller.advance)
    record.peak_mb = peakMegabytes()
    return record
  }
}

extension Camera {
  /// Bands of the image, in an order of which every beginning is spread over the whole image.
  ///
  /// Steps of about the golden section of their number; the last band may have fewer rows.
  func bands(ofRows rows: Int) -> [Camera] {
    let count = (height + rows - 1) / rows
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    var step = max(1, Int(0.618 * Double(count)))
    while divisor(step, count) != 1 { step += 1 }
    return (0..<count).map { index in
      let first = index * step % count * rows
      var band = self
      band.intrinsics.centerY -= Double(first)
      band.height = min(rows, height - first)
      return band
    }
  }
}
