import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// The pictures of an inspection.
struct InspectionGallery {
  let inspector: StepInspector<Float>
  let teacher: any RadianceField<Float>
  let student: any RadianceField<Float>
  let pool: WorkerPool

  /// Longest side of a view: enough to see where a term comes from.
  private static let side = 64

  /// The size in which a camera's view is shown.
  func size(of view: ViewTemplate) -> (width: Int, height: Int) {
    let longest = max(view.width, view.height)
    guard longest > Self.side else { return (view.width, view.height) }
    return (
      max(1, view.width * Self.side / longest), max(1, view.height * Self.side / longest)
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
    return [
      InspectionPicture(title: "teacher", image: first),
      InspectionPicture(title: "student", image: second),
      InspectionPicture(
        title: "difference, 4 times", image: try differenceImage(first, second)),
    ] + maps
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

  private func map(_ values: [Float], width: Int, height: Int) throws -> ImageBuffer {
    try ImageBuffer(
      width: width, height: height, channels: 3,
      pixels: values.flatMap { value in
        let color = ColorRamp.terrain.color(at: value)
        return [color.x, color.y, color.z]
      })
  }
}
