import CommandSupport
import NeRFCore

/// A rectangle of an image, first and last column and row.
struct PixelRectangle {
  let columns: ClosedRange<Int>
  let rows: ClosedRange<Int>

  /// - Throws: ``CommandFailure`` if it leaves the image.
  func rays(of camera: Camera) throws -> RayBatch<Float> {
    guard columns.upperBound < camera.width, rows.upperBound < camera.height else {
      throw CommandFailure(
        "--pixels",
        fact: "column \(columns.upperBound), row \(rows.upperBound) lies outside of "
          + "\(camera.width)×\(camera.height) pixels",
        fix: "Columns and rows count from 0.")
    }
    return try camera.rays(
      pixels: rows.flatMap { row in columns.map { row * camera.width + $0 } })
  }
}
