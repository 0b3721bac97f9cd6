import Foundation
import NeRFCore
import Synchronization
import TensorIO

extension ProceduralScene {
  /// Writes the scene as a data set in Blender's layout, readable by ``BlenderScene``.
  ///
  /// Three splits of square RGBA images at ±0.346 rad field of view, cameras on the upper
  /// hemisphere. The folder appears whole: everything is written beside it first and then renamed.
  /// The same arguments give the same bytes for any number of threads.
  ///
  /// - Parameters:
  ///   - folder: The folder to make. It may exist if it is empty.
  ///   - size: Side of the images in pixels, 1 to 8192.
  ///   - views: Images to train with, 1 to 100000.
  ///   - testViews: Images to test with; a quarter of `views` and at least 4 when nil.
  ///   - valViews: Images to validate with; as `testViews` when nil.
  ///   - seed: Chooses cameras and antialiasing.
  ///   - overwrite: Replaces the folder if it holds nothing but an earlier scene.
  ///   - pool: Threads that render.
  ///   - progress: Called after each image with the number done and the total, one call at a time
  ///     from any thread.
  /// - Throws: ``SceneError`` if an argument is out of range, the folder is in use or cannot be
  ///   written; nothing of a failed attempt stays behind.
  public static func write(
    to folder: URL, size: Int = 100, views: Int = 100, testViews: Int? = nil,
    valViews: Int? = nil, seed: UInt64 = 0, overwrite: Bool = false,
    pool: WorkerPool = WorkerPool(),
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(SceneError) {
    let tests = testViews ?? max(4, views / 4)
    let counts = [(DatasetSplit.train, views), (.val, valViews ?? tests), (.test, tests)]
    for (split, count) in counts where !(1...100_000).contains(count) {
      throw SceneError(
        .invalidArgument, in: "\(name).write", fact: "\(count) \(split.rawValue) views",
        fix: "Use 1 to 100000.")
    }
    guard (1...8192).contains(size) else {
      throw SceneError(
        .invalidArgument, in: "\(name).write", fact: "the size is \(size) pixels",
        fix: "Use 1 to 8192.")
    }
    let target = try SceneFolder(replacing: folder, overwrite: overwrite)
    do throws(SceneError) {
      try fill(target, counts, size: size, seed: seed, pool: pool, progress: progress)
      try target.commit()
    } catch {
      target.discard()
      throw error
    }
  }

  private static func fill(
    _ target: SceneFolder, _ counts: [(DatasetSplit, Int)], size: Int, seed: UInt64,
    pool: WorkerPool, progress: @Sendable (Int, Int) -> Void
  ) throws(SceneError) {
    var jobs: [(path: String, pose: CameraPose)] = []
    for (stream, (split, count)) in counts.enumerated() {
      let poses = try OrbitCameras.poses(count: count, seed: seed, stream: stream)
      let frames = poses.enumerated().map { ("\(split.rawValue)/r_\($0)", $1) }
      let text = description(frames)
      try target.write(Data(text.utf8), to: "transforms_\(split.rawValue).json")
      try target.makeFolder(split.rawValue)
      jobs += frames.map { (path: $0.0, pose: $0.1) }
    }
    var chosen = ProceduralRenderSettings()
    chosen.seed = seed
    let settings = chosen
    let work = jobs
    // The number of images done and the first failure in the order of the images.
    let state = Mutex((done: 0, failure: (index: Int, error: SceneError)?.none))
    pool.forEach(work.count) { index, _ in
      if state.withLock({ $0.failure != nil }) { return }
      do throws(SceneError) {
        let camera = OrbitCameras.camera(
          at: work[index].pose, size: size, scale: settings.scale)
        let image = try render(camera: camera, settings: settings, stream: index)
        try PNGImage.write(image, to: target.temporary.appending(path: work[index].path + ".png"))
        state.withLock { state in
          state.done += 1
          progress(state.done, work.count)
        }
      } catch {
        state.withLock { state in
          if index < state.failure?.index ?? .max { state.failure = (index, error) }
        }
      }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure.error }
  }

  /// The text of one `transforms_*.json`; numbers are written so that they read back unchanged.
  private static func description(_ frames: [(path: String, pose: CameraPose)]) -> String {
    let entries = frames.map { path, pose in
      let rows = (0..<3).map { row in
        "[" + pose.matrix[4 * row..<4 * row + 4].map { "\($0)" }.joined(separator: ", ") + "]"
      }
      return """
            {
              "file_path": "./\(path)",
              "transform_matrix": [
                \((rows + ["[0.0, 0.0, 0.0, 1.0]"]).joined(separator: ",\n          "))
              ]
            }
        """
    }
    return """
      {
        "camera_angle_x": \(OrbitCameras.angleX),
        "frames": [
      \(entries.joined(separator: ",\n"))
        ]
      }

      """
  }
}
