public import Distill
public import Fields
import Foundation
public import NeRFCore

/// What a checkpoint says beside its tensors; stored as JSON in the file's metadata.
///
/// Nothing in it depends on time, place or the number of threads: two runs that compute the same
/// write the same bytes.
public struct CheckpointRecord: Codable, Equatable, Sendable {
  /// Architecture and sizes.
  public var configuration: FieldConfiguration
  /// Scene box and clamps.
  public var frame: FieldFrame
  /// A camera like those of the scene.
  public var view: ViewTemplate
  /// The nearest distance at which a march starts, in scene units.
  public var minimumNear: Double
  /// What the occupancy grid holds beside densities and bits.
  public var grid: GridRecord
  /// How the field came about and how far the run is.
  public var run: RunRecord
  /// Updates per parameter, in the order of the field's parameters; only in files that can be resumed.
  public var stepCounts: [Int]?

  /// All parts.
  public init(
    configuration: FieldConfiguration, frame: FieldFrame, view: ViewTemplate, minimumNear: Double,
    grid: GridRecord, run: RunRecord, stepCounts: [Int]? = nil
  ) {
    self.configuration = configuration
    self.frame = frame
    self.view = view
    self.minimumNear = minimumNear
    self.grid = grid
    self.run = run
    self.stepCounts = stepCounts
  }
}

/// The settings of a run of either kind.
public enum RunSettings: Codable, Equatable, Sendable {
  /// Training on photographs.
  case training(TrainerSettings)
  /// Distillation from a teacher.
  case distillation(DistillerSettings)

  /// Steps of the whole run.
  public var iterations: Int {
    switch self {
    case .training(let settings): settings.iterations
    case .distillation(let settings): settings.iterations
    }
  }

  /// The nearest distance at which a march starts, in scene units.
  public var minimumNear: Double {
    switch self {
    case .training(let settings): settings.minimumNear
    case .distillation(let settings): settings.minimumNear
    }
  }
}

extension RunSettings {
  /// Whether a run with these settings can take a step: a file may claim anything.
  var isUsable: Bool {
    let sampling: SamplingSettings
    switch self {
    case .training(let settings):
      sampling = settings.sampling
      let occupancy = settings.occupancy
      guard occupancy.fullInterval >= 1, occupancy.partialInterval >= 1, occupancy.fullCount >= 0,
        occupancy.fullCount <= 1 << 20, occupancy.fullInterval <= 1 << 20
      else { return false }
    case .distillation(let settings):
      guard settings.activeLearning?.isUsable != false else { return false }
      sampling = settings.sampling
    }
    return (1...1 << 40).contains(iterations) && (1...1 << 24).contains(sampling.rays)
      && (1...1 << 24).contains(sampling.maximumRays)
      && (0...1 << 30).contains(sampling.targetSamples)
      && (1...1 << 16).contains(sampling.viewsPerStep)
      && (1...1 << 16).contains(sampling.marchSteps)
  }
}

/// How a field came about.
public struct RunRecord: Codable, Equatable, Sendable {
  /// What the run was told; nil if the file states it in the form of another version, which keeps the
  /// run from going on but not the field from being used.
  public var settings: RunSettings?
  /// Steps done, and the size of the next.
  public var position: RunPosition
  /// What the run was given, by role: fingerprints of scene and teacher, the kind of poses.
  public var inputs: [String: String]

  /// All parts.
  public init(settings: RunSettings, position: RunPosition, inputs: [String: String]) {
    self.settings = settings
    self.position = position
    self.inputs = inputs
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    settings = try? values.decode(RunSettings.self, forKey: .settings)
    position = try values.decode(RunPosition.self, forKey: .position)
    inputs = try values.decode([String: String].self, forKey: .inputs)
  }

  /// Whether all steps are done.
  public var isFinished: Bool { settings.map { position.step >= $0.iterations } ?? false }
}

/// Image size, lens and distance of a scene's cameras: enough to render without the scene.
public struct ViewTemplate: Codable, Equatable, Sendable {
  /// Pixels per row.
  public var width: Int
  /// Rows.
  public var height: Int
  /// Focal lengths and principal point in pixels: fx, fy, cx, cy.
  public var lens: [Double]
  /// Scene units per unit of the data set.
  public var scale: Double
  /// Mean distance of the cameras from the origin, in scene units.
  public var distance: Double

  /// The camera of a data set's first frame, and the mean distance of all.
  ///
  /// - Parameter cameras: At least one camera, in marching axes.
  public init(cameras: [Camera], scale: Double) throws(ValueError) {
    guard let first = cameras.first else {
      throw ValueError(
        in: "ViewTemplate.init", "cameras", expected: "at least 1", actual: "0",
        fix: "Pass the cameras of a scene.")
    }
    width = first.width
    height = first.height
    let i = first.intrinsics
    lens = [i.focalX, i.focalY, i.centerX, i.centerY]
    self.scale = scale
    distance =
      cameras.reduce(0) { sum, camera in
        let c = camera.pose.center
        return sum + (c * c).sum().squareRoot()
      } / Double(cameras.count)
  }

  /// A camera of this size and lens.
  ///
  /// - Parameter size: Pixels of the image if not those of the scene; the field of view along the
  ///   width stays, and pixels stay square if they were.
  public func camera(pose: CameraPose, size: (width: Int, height: Int)? = nil) -> Camera {
    let (newWidth, newHeight) = size ?? (width, height)
    let factor = Double(newWidth) / Double(width)
    return Camera(
      pose: pose,
      intrinsics: Intrinsics(
        focalX: lens[0] * factor, focalY: lens[1] * factor, centerX: lens[2] * factor,
        centerY: lens[3] * factor + (Double(newHeight) - Double(height) * factor) / 2),
      width: newWidth, height: newHeight)
  }

  var isUsable: Bool {
    (1...65_536).contains(width) && (1...65_536).contains(height) && lens.count == 4
      && lens.allSatisfy(\.isFinite) && lens[0] > 0 && lens[1] > 0 && scale.isFinite && scale > 0
      && distance.isFinite && distance >= 0
  }
}

/// The scalars of an occupancy grid.
public struct GridRecord: Codable, Equatable, Sendable {
  /// Cells per axis.
  public var resolution: Int
  /// Cascades.
  public var cascades: Int
  /// Mean density at the last update.
  public var meanDensity: Float
  /// Updates so far.
  public var updateCount: Int
  /// Sizes of the latest marches.
  public var pairs: [Int32]
  /// Marches recorded since the last settling.
  public var recorded: Int
  /// The sample budget.
  public var meanCount: Int

  /// The scalars of `grid`.
  public init(_ grid: OccupancyGrid) {
    resolution = grid.resolution
    cascades = grid.cascades
    meanDensity = grid.meanDensity
    updateCount = grid.updateCount
    pairs = grid.marchStatistics.pairs
    recorded = grid.marchStatistics.recorded
    meanCount = grid.marchStatistics.meanCount
  }

  /// Cells of one cascade, or nil for sizes that no grid has.
  var cellsPerCascade: Int? {
    guard (2...1024).contains(resolution), resolution & (resolution - 1) == 0,
      (1...16).contains(cascades), meanDensity.isFinite, updateCount >= 0, pairs.count == 32,
      recorded >= 0, recorded < Int.max / 2, meanCount >= 0
    else { return nil }
    return resolution * resolution * resolution
  }

  func makeGrid(bound: Double, densities: [Float], bits: [UInt8]) throws -> OccupancyGrid {
    var grid = try OccupancyGrid(
      bound: Float(bound), resolution: resolution, cascades: cascades)
    try grid.load(densities: densities, bits: bits, meanDensity: meanDensity)
    grid.updateCount = updateCount
    grid.marchStatistics.pairs = pairs
    grid.marchStatistics.recorded = recorded
    grid.marchStatistics.meanCount = meanCount
    return grid
  }
}
