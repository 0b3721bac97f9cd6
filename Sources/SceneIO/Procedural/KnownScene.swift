import Distill
public import Fields
public import Foundation
public import NeRFCore
import TensorIO

/// A teacher and a student that are constant where there is anything, so that losses and gradients of a
/// distillation step have closed forms.
///
/// Both are `tensors` of degree 1: S and C of a sample depend on its place only. With σ = eˢ, and L = Σδ along a ray,
/// a ray through one colour c over the background b has the pixel
///
///     c (1 − e^(−σL)) + b e^(−σL)
///
/// and the terms of a step with N samples are, for `normL2`, `∣ΔS∣ √N` (density) and `‖Δc‖ √N` (colour).
public struct KnownScene: Sendable {
  /// The name of its folder.
  public let name: String
  /// What there is, in one sentence.
  public let summary: String
  /// The teacher.
  public let teacher: any RadianceField<Float>
  /// The student.
  public let student: any RadianceField<Float>
  /// Where there is anything.
  public let grid: OccupancyGrid

  /// S of every teacher.
  public static let teacherLogDensity = 1.5
  /// S of every student.
  public static let studentLogDensity = 0.75
  /// C of every teacher; of `two-colors` where z > 0.
  public static let teacherColor = [0.2, 0.5, 0.7]
  /// C of every student; of `two-colors` where z > 0.
  public static let studentColor = [0.4, 0.6, 0.3]
  /// C of both fields of `two-colors` where z < 0.
  public static let farColor = [0.8, 0.3, 0.1]

  /// All scenes.
  ///
  /// - Throws: ``NeRFCore/ValueError`` or ``NeRFCore/ShapeError`` if this library contradicts itself.
  public static func all() throws -> [KnownScene] {
    try [
      make("ball", "A ball of radius 0.5 of one density and one colour.") {
        ($0 * $0).sum() < 0.25
      },
      make("slab", "A slab, −0.25 < z < 0.25, of one density and one colour.") { abs($0.z) < 0.25 },
      make(
        "two-colors", "Two slabs behind each other, 0.25 < z < 0.5 and −0.5 < z < −0.25.",
        far: farColor
      ) { abs($0.z) > 0.25 && abs($0.z) < 0.5 },
      make("empty", "Nothing: no ray has a sample.") { _ in false },
      make(
        "sheet",
        "One layer of cells at z = 0; with --march-steps 16 a ray has at most one sample."
      ) { abs($0.z - 0.03) < 0.03 },
    ]
  }

  private static func make(
    _ name: String, _ summary: String, far: [Double]? = nil,
    _ isInside: (SIMD3<Float>) -> Bool
  ) throws -> KnownScene {
    var grid = try OccupancyGrid(bound: 1, resolution: 32)
    var settings = OccupancyGrid.UpdateSettings()
    settings.full = true
    try grid.update(randomness: .seed(0), settings: settings) { positions in
      positions[0].indices.map { index in
        isInside(SIMD3(positions[0][index], positions[1][index], positions[2][index])) ? 10 : 0
      }
    }
    return KnownScene(
      name: name, summary: summary,
      teacher: try field(teacherLogDensity, teacherColor, far: far),
      student: try field(studentLogDensity, studentColor, far: far), grid: grid)
  }

  /// Texels change along z only, and between two colours only near z = 0, where nothing is.
  private static func field(
    _ logDensity: Double, _ color: [Double], far: [Double]?
  ) throws -> any RadianceField<Float> {
    var options = TensorsFieldOptions()
    options.resolution = [33, 2, 2]
    options.degree = 1
    let field = TensorsField<Float>(options: options, frame: FieldFrame(), seed: 0)
    let texels = 33 * 4
    var values = [Float](repeating: Float(logDensity), count: 4 * texels)
    for channel in 0..<3 {
      for texel in 0..<texels {
        let c = texel / 4 < 16 ? (far ?? color)[channel] : color[channel]
        // C = sigmoid(h Y₀₀)
        values[(1 + channel) * texels + texel] = Float(log(c / (1 - c)) / 0.28209479177387814)
      }
    }
    try field.parameters[0].load(values)
    return field
  }

  /// Writes `teacher.safetensors` and `student.safetensors` into a folder, which is made.
  ///
  /// - Throws: ``TensorIO/FileError`` if the system refuses.
  public func write(to folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw FileError(
        .create, path: folder.path, code: (error.underlying as? POSIXError)?.code.rawValue ?? EIO)
    }
    let camera = Camera(
      pose: .looking(from: SIMD3(0, 0, 2), at: SIMD3()),
      intrinsics: Intrinsics(focalX: 24, focalY: 24, centerX: 8, centerY: 8), width: 16,
      height: 16)
    let view = try ViewTemplate(cameras: [camera], scale: 1)
    let settings = DistillerSettings(student: .tensors, iterations: 1)
    for (name, field) in [("teacher", teacher), ("student", student)] {
      let record = CheckpointRecord(
        configuration: field.configuration, frame: field.frame, view: view,
        minimumNear: settings.minimumNear, grid: GridRecord(grid),
        run: RunRecord(
          settings: .distillation(settings), position: RunPosition(step: 0, rays: 1), inputs: [:]))
      try Checkpoint.save(
        field, grid: grid, record: record, to: folder.appending(path: "\(name).safetensors"))
    }
  }
}
