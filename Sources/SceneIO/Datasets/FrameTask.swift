import Foundation
import NeRFCore

/// Size and channels that all images of a data set share.
struct ImageFormat: Equatable {
  var width: Int
  var height: Int
  let channels: Int
}

/// One frame that is still to be read.
struct FrameTask: Sendable {
  private let file: URL
  private let frame: TransformsFile.Frame
  private let options: BlenderSceneOptions
  /// Where the image lies.
  let image: URL

  init(file: URL, frame: TransformsFile.Frame, options: BlenderSceneOptions) {
    self.file = file
    self.frame = frame
    self.options = options
    self.image = file.deletingLastPathComponent().appending(path: frame.imagePath)
  }

  /// What the image is, without decoding its pixels.
  func inspect() throws(SceneError) -> ImageFormat {
    Self.format(try openImage())
  }

  /// Reads the image and builds its camera.
  ///
  /// - Parameter reference: Channels that the image must have, and its size unless the file
  ///   declares one.
  func read(like reference: ImageFormat) throws(SceneError) -> SceneFrame {
    let container = try openImage()
    let found = Self.format(container)
    var expected = reference
    if let size = frame.lens.size { (expected.width, expected.height) = size }
    guard found == expected else {
      throw SceneError(
        .imageMismatch, in: file.path, frame: frame.index,
        fact: "\(frame.imagePath) has \(found.width)×\(found.height) pixels of \(found.channels) "
          + "channels, expected are \(expected.width)×\(expected.height) of \(expected.channels)",
        fix: frame.lens.size == nil
          ? "Give all images the same size and channels."
          : "Correct w and h, or give all images that size and the same channels.")
    }
    guard options.downscale <= min(found.width, found.height) else {
      throw SceneError(
        .invalidArgument, in: file.path, frame: frame.index,
        fact: "downscale \(options.downscale) leaves nothing of \(found.width)×\(found.height)",
        fix: "Choose a smaller downscale.")
    }
    do {
      let pixels = try PNGImage.decode(container)
        .downscaled(by: options.downscale, straightAlpha: options.averagesStraightAlpha)
      let camera = Camera(
        pose: frame.pose.convertedFromBlender(scale: options.scale),
        intrinsics: frame.lens.intrinsics(
          width: found.width, height: found.height, downscale: options.downscale,
          swappedDefaultPrincipalPoint: options.swappedDefaultPrincipalPoint),
        width: pixels.width, height: pixels.height)
      return try SceneFrame(
        name: String(frame.imagePath.dropLast(".png".count)), camera: camera, image: pixels)
    } catch let error as ImageDefect {
      throw SceneError(error, in: image).inFrame(frame.index)
    } catch {
      // The sizes were compared above, so this only carries a broken contract out with its text.
      throw SceneError(
        .imageMismatch, in: image.path, frame: frame.index, fact: "\(error)",
        fix: "Check the image's size.")
    }
  }

  private func openImage() throws(SceneError) -> PNGContainer {
    do throws(SceneError) {
      return try PNGImage.open(image, maximumPixelCount: options.maximumPixelCount)
    } catch {
      throw error.inFrame(frame.index)
    }
  }

  private static func format(_ image: PNGContainer) -> ImageFormat {
    ImageFormat(width: image.width, height: image.height, channels: image.hasAlpha ? 4 : 3)
  }
}
