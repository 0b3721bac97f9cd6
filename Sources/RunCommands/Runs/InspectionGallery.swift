import CommandSupport
import Distill
import Fields
import Foundation
import InspectionIO
import NeRFCore
import SceneIO
import TermInspection

/// The pictures of an inspection.
struct InspectionGallery {
  let inspector: StepInspector<Float>
  let teacher: any RadianceField<Float>
  let student: any RadianceField<Float>
  let pool: WorkerPool

  /// Longest side of a view: enough to see where a term comes from.
  private static let side = 64

  /// A camera in front of the scene, a little above it.
  static func frontPose(_ view: ViewTemplate) -> CameraPose {
    .looking(from: SIMD3(0, view.distance * 0.6, view.distance * 0.8), at: SIMD3())
  }

  static func frontCamera(_ view: ViewTemplate) -> Camera {
    view.camera(pose: frontPose(view), size: size(of: view))
  }

  /// The size in which a camera's view is shown.
  static func size(of view: ViewTemplate) -> (width: Int, height: Int) {
    let longest = max(view.width, view.height)
    guard longest > side else { return (view.width, view.height) }
    return (
      max(1, view.width * side / longest), max(1, view.height * side / longest)
    )
  }

  /// Teacher, student, difference, and the share of every ray in every term.
  func images(
    _ input: StepInput<Float>, width: Int, height: Int
  ) throws -> [InspectionPicture] {
    let picture = try inspector.picture(input)
    func image(_ pixels: [Float]) throws -> ImageBuffer {
      // NaN is black here; findings name it.
      try ImageBuffer(
        width: width, height: height, channels: 3, pixels: pixels.map { $0.isNaN ? 0 : $0 })
    }
    let (first, second) = (try image(picture.teacher), try image(picture.student))
    let maps = try LossTerm.allCases.compactMap { term in
      try picture.shares[term].map { shares in
        let most = shares.max() ?? 0
        return InspectionPicture(
          title: "\(term.rawValue): brightest \(decimal(100 * most)) % of the term",
          image: try map(
            shares.map { most > 0 ? Float($0 / most) : 0 }, width: width, height: height))
      }
    }
    var chosen: [InspectionPicture] = []
    if let compared = picture.comparedOfRay {
      let shares = zip(compared, input.batch.spans).map { Float($0) / Float(max(1, $1.count)) }
      chosen = [
        InspectionPicture(
          title: "share of a ray's samples that is compared, 0 dark to 1 bright",
          image: try map(shares, width: width, height: height))
      ]
    }
    return [
      InspectionPicture(title: "teacher", image: first),
      InspectionPicture(title: "student", image: second),
      InspectionPicture(
        title: "difference, 4 times", image: try differenceImage(first, second)),
    ] + maps + chosen
  }

  /// Log-densities of both fields in the plane z = 0, on one scale.
  func slices() throws -> [InspectionPicture] {
    let side = Self.side
    let bound = Float(teacher.frame.bound)
    let axis = (0..<side).map { bound * (2 * (Float($0) + 0.5) / Float(side) - 1) }
    let x = (0..<side * side).map { axis[$0 % side] }
    let y = (0..<side * side).map { axis[side - 1 - $0 / side] }
    let z = [Float](repeating: 0, count: side * side)
    let low = Float(teacher.frame.logDensityMinimum)
    let high = Float(teacher.frame.logDensityMaximum)
    return try [("teacher", teacher), ("student", student)].map { name, field in
      let densities = FieldEvaluator(field, pool: pool).occupancyDensities(x: x, y: y, z: z)
      return InspectionPicture(
        title: "\(name), \(decimal(Double(low), 0)) dark to \(decimal(Double(high), 0)) bright",
        image: try map(
          densities.map { (log($0) - low) / (high - low) }, width: side, height: side))
    }
  }

  /// Hard and replayed rays in a view; nothing without any.
  static func selections(
    _ record: SelectionRecord, on view: ImageBuffer, camera: Camera
  ) throws -> [(String, [InspectionPicture])] {
    let kinds = [("hard rays", record.hard), ("replayed rays", record.replayed)]
    let pictures = try kinds.filter { !$0.1.points.isEmpty }.map { title, places in
      try overlay(places, title: title, on: view, camera: camera)
    }
    return pictures.isEmpty
      ? [] : [("Where chosen rays end, also behind what is seen; red where often", pictures)]
  }

  /// Where rays end, as an overlay on a view of the teacher.
  private static func overlay(
    _ places: SelectionRecord.Places, title: String, on view: ImageBuffer, camera: Camera
  ) throws -> InspectionPicture {
    var counts = [Int](repeating: 0, count: view.width * view.height)
    for i in stride(from: 0, to: places.points.count, by: 3) {
      let point = SIMD3(
        Double(places.points[i]), Double(places.points[i + 1]), Double(places.points[i + 2]))
      if let (column, row) = camera.pixel(of: point) { counts[row * view.width + column] += 1 }
    }
    let most = counts.max() ?? 0
    var pixels = view.pixels
    for (pixel, count) in counts.enumerated() {
      let share = most > 0 ? (Float(count) / Float(most)).squareRoot() : 0
      for channel in 0..<3 {
        let color: Float = channel == 0 ? 1 : 0
        // Pale behind, so that red stands out.
        let pale = 0.6 + 0.4 * pixels[3 * pixel + channel]
        pixels[3 * pixel + channel] = (1 - share) * pale + share * color
      }
    }
    return InspectionPicture(
      title: "\(title): \(places.points.count / 3), at most \(most) in a pixel",
      image: try ImageBuffer(
        width: view.width, height: view.height, channels: 3, pixels: pixels))
  }

  private func map(_ values: [Float], width: Int, height: Int) throws -> ImageBuffer {
    try ImageBuffer(
      width: width, height: height, channels: 3,
      pixels: values.flatMap { value in
        let color = ColorRamp.terrain.color(at: value)
        return [color.x, color.y, color.z]
      })
  }
}

extension Distiller {
  /// What active learning chose so far; nil where nobody noted it.
  func selectionReport(levels: [any ActiveLevel]) -> SelectionReport? {
    guard let selections, let settings = settings.activeLearning else { return nil }
    return SelectionReport(selections, settings: settings, levels: levels)
  }
}
