import NeRFCore

/// A part of a data set, with a purpose of its own.
public enum DatasetSplit: String, CaseIterable, Sendable {
  /// Images a field is fitted to.
  case train
  /// Images that steer a run without being fitted.
  case val
  /// Images a finished field is judged by.
  case test
  /// The frames of `train`, then those of `val`.
  case trainval
}

/// One photograph with the camera that took it.
public struct SceneFrame: Sendable {
  /// The image's path inside the scene folder without its ending, for example `train/r_12`.
  public let name: String
  /// Pose in marching axes, intrinsics and size in pixels of ``image``.
  public let camera: Camera
  /// The picture, 3 channels or 4 with straight alpha.
  public let image: ImageBuffer

  /// - Throws: ``NeRFCore/ShapeError`` if image and camera differ in size.
  public init(name: String, camera: Camera, image: ImageBuffer) throws(ShapeError) {
    guard image.width == camera.width, image.height == camera.height else {
      throw ShapeError(
        in: "SceneFrame.init", "image", expected: [camera.height, camera.width],
        actual: [image.height, image.width], fix: "Use the camera that belongs to the image.")
    }
    self.name = name
    self.camera = camera
    self.image = image
  }

  /// The colours of ``image`` in front of a plain background, shape `[height, width, 3]`.
  public func composited(onto background: SIMD3<Float>) -> [Float] {
    image.composited(onto: background)
  }
}

/// The frames of one split of a scene, in the order of the file that lists them.
///
/// There is at least one frame, and all images have the same number of channels.
public struct SceneDataset: Sendable {
  /// All frames, in file order.
  public let frames: [SceneFrame]
  /// Values per pixel of every image.
  public let channels: Int
  /// The part of the data set the frames are.
  public let split: DatasetSplit
  /// Images that the file lists but that do not exist, in file order; empty unless skipping them
  /// was asked for.
  public let skippedImages: [String]

  /// - Throws: ``NeRFCore/ShapeError`` without frames or for images of different channel counts.
  public init(
    frames: [SceneFrame], split: DatasetSplit, skippedImages: [String] = []
  ) throws(ShapeError) {
    guard let first = frames.first else {
      throw ShapeError(
        in: "SceneDataset.init", "frames", expected: [1], actual: [0],
        fix: "Pass at least one frame.")
    }
    for frame in frames where frame.image.channels != first.image.channels {
      throw ShapeError(
        in: "SceneDataset.init", "frames", expected: [first.image.channels],
        actual: [frame.image.channels], fix: "Give all images the same channels.")
    }
    self.frames = frames
    self.channels = first.image.channels
    self.split = split
    self.skippedImages = skippedImages
  }
}
