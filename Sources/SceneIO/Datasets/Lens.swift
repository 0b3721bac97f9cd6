import Foundation
import NeRFCore

/// Focal lengths, principal point and size as a description gives them; absent values are nil.
struct Lens {
  /// Declared size in pixels.
  let size: (width: Int, height: Int)?
  private let focalX: Double?
  private let focalY: Double?
  private let angleX: Double?
  private let angleY: Double?
  private let centerX: Double?
  private let centerY: Double?

  init(_ fields: Fields) throws(SceneError) {
    let width = try Self.side("w", fields)
    let height = try Self.side("h", fields)
    if let width, let height { size = (width, height) } else { size = nil }
    focalX = try fields.positive("fl_x", below: 1e9)
    focalY = try fields.positive("fl_y", below: 1e9)
    angleX = try fields.positive("camera_angle_x", below: .pi)
    angleY = try fields.positive("camera_angle_y", below: .pi)
    centerX = try fields.number("cx")
    centerY = try fields.number("cy")
    for (key, value) in [("cx", centerX), ("cy", centerY)] {
      guard abs(value ?? 0) < 1e9 else {
        throw fields.invalid("\(key) is \(value ?? 0)", fix: "Give the principal point in pixels.")
      }
    }
    guard focalX != nil || focalY != nil || angleX != nil || angleY != nil else {
      throw fields.invalid(
        "there is no focal length", fix: "Give fl_x in pixels or camera_angle_x in radians.")
    }
  }

  private static func side(_ key: String, _ fields: Fields) throws(SceneError) -> Int? {
    guard let value = try fields.number(key) else { return nil }
    guard let side = Int(exactly: value), (1...65_536).contains(side) else {
      throw fields.invalid(
        "\(key) is \(value)", fix: "Give the size as a whole number of 1 to 65536 pixels.")
    }
    return side
  }

  /// The intrinsics of images of `width` × `height` pixels, divided by `downscale`.
  ///
  /// A focal length in pixels goes before an angle θ, which means `f = side / (2 tan(θ/2))`; either
  /// axis falls back to the other. The principal point defaults to the middle of the image.
  func intrinsics(
    width: Int, height: Int, downscale: Int, swappedDefaultPrincipalPoint: Bool
  ) -> Intrinsics {
    func focal(_ side: Int, _ angle: Double?) -> Double? {
      angle.map { Double(side) / (2 * tan($0 / 2)) }
    }
    let pixels = focalX ?? focalY
    let x = pixels ?? focal(width, angleX) ?? focal(height, angleY) ?? .nan
    let y = pixels.map { focalY ?? $0 } ?? focal(height, angleY) ?? focal(width, angleX) ?? .nan
    let middle = (Double(width) / 2, Double(height) / 2)
    let scale = Double(downscale)
    return Intrinsics(
      focalX: x / scale, focalY: y / scale,
      centerX: (centerX ?? (swappedDefaultPrincipalPoint ? middle.1 : middle.0)) / scale,
      centerY: (centerY ?? (swappedDefaultPrincipalPoint ? middle.0 : middle.1)) / scale)
  }
}
