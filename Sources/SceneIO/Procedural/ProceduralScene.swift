import Foundation
import NeRFCore

/// How a procedural scene is rendered.
public struct ProceduralRenderSettings: Equatable, Sendable {
  /// Rays per pixel are the square of this; 4 gives 16.
  public var cellsPerSide = 4
  /// Chooses the places of the rays inside the pixels.
  public var seed: UInt64 = 0
  /// Scene units of the camera per unit of the scene, as in ``BlenderSceneOptions/scale``.
  public var scale = 0.8

  /// 16 rays per pixel, seed 0, scale 0.8.
  public init() {}

  func check(_ camera: Camera) throws(SceneError) {
    func require(_ holds: Bool, _ fact: String, _ fix: String) throws(SceneError) {
      if !holds {
        throw SceneError(.invalidArgument, in: "ProceduralScene.render", fact: fact, fix: fix)
      }
    }
    try require(
      (1...16).contains(cellsPerSide), "cellsPerSide is \(cellsPerSide)", "Use 1 to 16.")
    try require(
      scale.isFinite && scale > 0, "scale is \(scale)", "Use a finite number above 0.")
    try require(
      (1...8192).contains(camera.width) && (1...8192).contains(camera.height),
      "the camera has \(camera.width)×\(camera.height) pixels", "Use 1 to 8192 a side.")
    let lens = camera.intrinsics
    try require(
      lens.focalX.isFinite && lens.focalX > 0 && lens.focalY.isFinite && lens.focalY > 0
        && lens.centerX.isFinite && lens.centerY.isFinite,
      "the focal lengths are \(lens.focalX), \(lens.focalY)", "Use finite numbers above 0.")
    try require(
      camera.pose.matrix.count == 12 && camera.pose.matrix.allSatisfy(\.isFinite),
      "the pose is not 12 finite numbers", "Use a camera-to-world matrix.")
  }
}

/// A scene that is computed instead of photographed, so that its truth is known everywhere.
public protocol ProceduralScene: Sendable {
  /// A short name without spaces.
  static var name: String { get }
  /// One line that says what the scene shows.
  static var summary: String { get }

  /// The picture a camera takes: RGBA with straight alpha, display values in 0...1.
  ///
  /// - Parameters:
  ///   - camera: Pose in marching axes at `settings.scale`, intrinsics and size.
  ///   - settings: Rays per pixel, seed and scale.
  ///   - stream: Separates pictures of one seed; below 2³².
  /// - Throws: ``SceneError`` of kind `invalidArgument` for a setting or camera out of range.
  static func render(
    camera: Camera, settings: ProceduralRenderSettings, stream: Int
  ) throws(SceneError) -> ImageBuffer
}

/// All procedural scenes by name.
public enum ProceduralScenes {
  /// The scenes, in the order in which they are listed.
  public static let all: [any ProceduralScene.Type] = [OrbScene.self]

  /// The scene of that name.
  ///
  /// - Throws: ``SceneError`` of kind `invalidArgument` with the names that exist.
  public static func named(_ name: String) throws(SceneError) -> any ProceduralScene.Type {
    if let scene = all.first(where: { $0.name == name }) { return scene }
    let names = all.map { $0.name }.joined(separator: ", ")
    throw SceneError(
      .invalidArgument, in: "ProceduralScenes", fact: "there is no scene named \"\(name)\"",
      fix: "Choose one of: \(names).")
  }
}
