import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Cameras with what they should show.
package struct ViewSet {
  package struct View {
    package let name: String
    package let camera: Camera
    /// The photograph on white, `[height, width, 3]`; nil without a scene.
    package let truth: [Float]?

    package init(name: String, camera: Camera, truth: [Float]?) {
      self.name = name
      self.camera = camera
      self.truth = truth
    }
  }

  package let views: [View]

  /// Views that were chosen elsewhere.
  package init(_ views: [View]) { self.views = views }

  /// Views of a data set, at most `limit`, spread over all.
  package init(_ dataset: SceneDataset, limit: Int) {
    let count = min(limit, dataset.frames.count)
    views = (0..<count).map { index in
      let frame = dataset.frames[index * dataset.frames.count / count]
      return View(
        name: frame.name, camera: frame.camera,
        truth: frame.composited(onto: SIMD3(repeating: 1)))
    }
  }

  /// Views on a circle around the origin, 30 degrees above the horizon.
  package init(
    orbit count: Int, _ template: ViewTemplate, size: (width: Int, height: Int)? = nil
  ) {
    views = (0..<count).map { index in
      let pose = CameraPose.spherical(
        azimuth: 360 * Double(index) / Double(count), elevation: -30,
        radius: template.distance / template.scale
      ).convertedFromBlender(scale: template.scale)
      return View(
        name: String(format: "orbit_%03d", index), camera: template.camera(pose: pose, size: size),
        truth: nil)
    }
  }

  /// The first few views, spread over all.
  package func prefix(_ count: Int) -> [Int] {
    let taken = min(count, views.count)
    return (0..<taken).map { $0 * views.count / taken }
  }
}

/// How well one view is rendered.
package struct ViewScore: Codable {
  /// The view.
  package var view: String
  /// Peak signal-to-noise ratio, in dB; nil for equal images and without a photograph.
  package var psnr: Double?
  /// Structural similarity as the released code computes it.
  package var ssim: Double?
  /// Structural similarity in its standard form; nil for images below 11 pixels.
  package var ssimStandard: Double?
  /// PSNR against the teacher's rendering, in dB.
  package var teacherPSNR: Double?
  /// Seconds to render.
  package var seconds: Double
}

/// Means over views.
package struct MeanScore: Codable {
  package var views: Int
  package var psnr: Double?
  package var ssim: Double?
  package var ssimStandard: Double?
  package var teacherPSNR: Double?
  package var seconds: Double

  package init(_ scores: [ViewScore]) {
    func mean(_ value: (ViewScore) -> Double?) -> Double? {
      let values = scores.compactMap(value)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    views = scores.count
    psnr = mean(\.psnr)
    ssim = mean(\.ssim)
    ssimStandard = mean(\.ssimStandard)
    teacherPSNR = mean(\.teacherPSNR)
    seconds = mean(\.seconds) ?? 0
  }
}

extension FieldRenderer<Float> {
  /// A renderer that marches as a checkpoint says.
  package convenience init(_ loaded: LoadedField, pool: WorkerPool) {
    self.init(
      FieldEvaluator(loaded.field, pool: pool), grid: loaded.grid,
      minimumNear: Float(loaded.record.minimumNear))
  }

  /// A renderer of a run in progress, on evaluation memory of its own.
  package convenience init(_ run: any ResumableRun, settings: RunSettings, pool: WorkerPool) {
    self.init(
      FieldEvaluator(run.field, pool: pool), grid: run.grid,
      minimumNear: Float(settings.minimumNear))
  }

  /// A renderer of the teacher of a distillation.
  package convenience init(teacherOf run: Distiller, settings: RunSettings, pool: WorkerPool) {
    self.init(
      FieldEvaluator(run.teacher, pool: pool), grid: run.grid,
      minimumNear: Float(settings.minimumNear))
  }

  /// Renders views and compares each with its photograph and with a teacher's rendering.
  ///
  /// - Parameters:
  ///   - teacher: Images in the order of the views.
  ///   - each: Called after every view with its rendering.
  package func scores(
    _ set: ViewSet, teacher: [[Float]]? = nil,
    each: (Int, RenderedView, ViewScore) throws -> Void = { _, _, _ in }
  ) throws -> [ViewScore] {
    try set.views.enumerated().map { index, view in
      let start = monotonicSeconds()
      let image = try render(view.camera)
      var score = ViewScore(view: view.name, seconds: monotonicSeconds() - start)
      if let truth = view.truth {
        score.psnr = finite(try ImageError.peakSignalToNoise(image.image, truth))
        score.ssim = Double(
          try StructuralSimilarity.pvd(
            image.image, truth, height: image.height, width: image.width
          ).mean)
        if min(image.width, image.height) >= 11 {
          score.ssimStandard = Double(
            try StructuralSimilarity.standard(
              image.image, truth, height: image.height, width: image.width
            ).mean)
        }
      }
      if let teacher {
        score.teacherPSNR = finite(
          try ImageError.peakSignalToNoise(image.image, teacher[index]))
      }
      try each(index, image, score)
      return score
    }
  }

  private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

extension RenderedView {
  /// The colours as an image, cut to 0...1; NaN, which no file can hold, is an error of the writer.
  package func buffer() throws -> ImageBuffer {
    try ImageBuffer(width: width, height: height, channels: 3, pixels: image)
  }
}
