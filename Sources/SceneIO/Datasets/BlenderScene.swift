import Foundation
import NeRFCore
import Synchronization

/// How a scene in Blender's layout is read.
public struct BlenderSceneOptions: Equatable, Sendable {
  /// Scene units per unit of the file; see ``NeRFCore/CameraPose/convertedFromBlender(scale:)``.
  public var scale = 0.8
  /// Images are reduced to `1/downscale`; see ``ImageBuffer/downscaled(by:straightAlpha:)``.
  public var downscale = 1
  /// Compatibility: a missing principal point becomes `(H/2, W/2)` instead of `(W/2, H/2)`.
  public var swappedDefaultPrincipalPoint = false
  /// Compatibility: frames whose image does not exist are left out instead of being an error.
  public var skipsMissingImages = false
  /// Compatibility: downscaling averages straight colours without regard to alpha.
  public var averagesStraightAlpha = false
  /// Largest number of pixels of one image.
  public var maximumPixelCount = PNGImage.maximumPixelCount

  /// The reference behaviour; set what should differ.
  public init() {}
}

/// Reads scenes in the layout of the NeRF-Synthetic data set.
///
/// A folder holds `transforms_train.json`, `transforms_val.json`, `transforms_test.json` and the
/// PNG images they name. A file is an object with
///
/// | key | meaning |
/// | --- | --- |
/// | `frames` | list of `file_path` and `transform_matrix` (camera to world, y up, z backward) |
/// | `camera_angle_x`, `camera_angle_y` | field of view in radians |
/// | `fl_x`, `fl_y`, `cx`, `cy` | focal lengths and principal point in pixels; go before angles |
/// | `w`, `h` | size of the images in pixels; that of the first image when absent |
///
/// All but `frames` may also stand in a frame and then hold for it alone. `file_path` is relative
/// to the folder, lies inside it, and may lack `.png`. Other keys, among them lens distortion
/// (`k1` …), are ignored. Differences from the original loader, which skips missing images, swaps
/// the default principal point and resizes images that have another size than declared, are
/// switches of ``BlenderSceneOptions`` or errors.
public enum BlenderScene {
  /// Reads one split of a folder.
  ///
  /// `trainval` is the frames of `transforms_train.json` and then those of `transforms_val.json`.
  /// When no file of the split exists, a plain `transforms.json` stands for every split.
  ///
  /// - Parameters:
  ///   - folder: The scene.
  ///   - split: Which frames to read.
  ///   - options: Scale, size and compatibility.
  ///   - pool: Threads that decode images; the result does not depend on their number.
  /// - Throws: ``SceneError`` naming the file, the frame, the fault and the remedy.
  public static func load(
    folder: URL, split: DatasetSplit, options: BlenderSceneOptions = BlenderSceneOptions(),
    pool: WorkerPool = WorkerPool()
  ) throws(SceneError) -> SceneDataset {
    let parts = split == .trainval ? ["train", "val"] : [split.rawValue]
    var urls = parts.map { folder.appending(path: "transforms_\($0).json") }
    let plain = folder.appending(path: "transforms.json")
    if !urls.contains(where: { exists($0) }) && exists(plain) { urls = [plain] }
    return try load(files: urls, split: split, options: options, pool: pool)
  }

  /// Reads one description by its own name; images are relative to its folder.
  ///
  /// - Throws: ``SceneError`` as ``load(folder:split:options:pool:)``.
  public static func load(
    transforms url: URL, split: DatasetSplit = .train,
    options: BlenderSceneOptions = BlenderSceneOptions(), pool: WorkerPool = WorkerPool()
  ) throws(SceneError) -> SceneDataset {
    try load(files: [url], split: split, options: options, pool: pool)
  }

  private static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }

  private static func load(
    files: [URL], split: DatasetSplit, options: BlenderSceneOptions, pool: WorkerPool
  ) throws(SceneError) -> SceneDataset {
    try check(options)
    var tasks: [FrameTask] = []
    var skipped: [String] = []
    for url in files {
      let file = try TransformsFile(contentsOf: url)
      for frame in file.frames {
        let task = FrameTask(file: url, frame: frame, options: options)
        if exists(task.image) {
          tasks.append(task)
        } else if options.skipsMissingImages {
          skipped.append(frame.imagePath)
        } else {
          throw SceneError(
            .missingImage, in: url.path, frame: frame.index,
            fact: "there is no image \(frame.imagePath)",
            fix: "Copy the image into the folder, or ask for missing images to be skipped.")
        }
      }
    }
    guard let first = tasks.first else {
      throw SceneError(
        .missingImage, in: files[0].path, fact: "none of the \(skipped.count) images exists",
        fix: "Copy the images into the folder.")
    }
    let reference = try first.inspect()
    let results = Mutex([Result<SceneFrame, SceneError>?](repeating: nil, count: tasks.count))
    let work = tasks
    pool.forEach(work.count) { index, _ in
      let result = Result { () throws(SceneError) in try work[index].read(like: reference) }
      results.withLock { $0[index] = result }
    }
    var frames: [SceneFrame] = []
    for result in results.withLock({ $0 }) {
      if let result { frames.append(try result.get()) }
    }
    do throws(ShapeError) {
      return try SceneDataset(frames: frames, split: split, skippedImages: skipped)
    } catch {
      throw SceneError(.imageMismatch, in: files[0].path, fact: "\(error)", fix: error.fix)
    }
  }

  private static func check(_ options: BlenderSceneOptions) throws(SceneError) {
    guard options.scale.isFinite, options.scale > 0 else {
      throw SceneError(
        .invalidArgument, in: "BlenderSceneOptions.scale", fact: "it is \(options.scale)",
        fix: "Use a finite number above 0, 0.8 for the synthetic scenes.")
    }
    guard options.downscale >= 1 else {
      throw SceneError(
        .invalidArgument, in: "BlenderSceneOptions.downscale", fact: "it is \(options.downscale)",
        fix: "Use a whole number of at least 1.")
    }
  }
}
