import Foundation
import NeRFCore
import SceneIO
import TestSupport
import Testing

/// A scene of tiny images whose description is put together from JSON pieces.
struct SceneFixture {
  let folder: TemporaryFolder
  static let identity = "[[1,0,0,1],[0,1,0,2],[0,0,1,3],[0,0,0,1]]"

  init() throws { folder = try TemporaryFolder() }

  func image(_ path: String, width: Int = 4, height: Int = 2, channels: Int = 3) throws {
    let url = try folder.write("", to: path)
    let level = Float(path.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 255 }) / 255
    try PNGImage.write(
      ImageBuffer(
        width: width, height: height,
        filledWith: [Float](repeating: level, count: channels - channels / 4)
          + (channels == 4 ? [1] : [])),
      to: url)
  }

  static func frame(_ path: String, matrix: String = identity, more: String = "") -> String {
    "{\"file_path\": \"\(path)\", \"transform_matrix\": \(matrix)\(more)}"
  }

  @discardableResult
  func describe(
    _ frames: [String], head: String = "\"camera_angle_x\": 0.7",
    name: String = "transforms_train.json"
  ) throws -> URL {
    try folder.write(
      "{\(head), \"frames\": [\(frames.joined(separator: ","))]}", to: name)
  }

  func load(
    _ split: DatasetSplit = .train, _ options: BlenderSceneOptions = BlenderSceneOptions()
  ) throws -> SceneDataset {
    try BlenderScene.load(folder: folder.url, split: split, options: options)
  }
}

@Suite("Scenes in Blender's layout")
struct BlenderSceneTests {
  let scene: SceneFixture

  init() throws { scene = try SceneFixture() }

  @Test("frames come in file order with names, images and converted poses")
  func order() throws {
    for name in ["b", "a", "c"] { try scene.image("train/\(name).png") }
    try scene.describe([
      SceneFixture.frame("./train/b"), SceneFixture.frame("train/a.png"),
      SceneFixture.frame("train//c"),
    ])
    for threads in [1, 2] {
      let data = try BlenderScene.load(
        folder: scene.folder.url, split: .train, pool: WorkerPool(threads: threads))
      #expect(data.frames.map(\.name) == ["train/b", "train/a", "train/c"])
      #expect(data.channels == 3 && data.split == .train)
      let a = try PNGImage.read(scene.folder.url.appending(path: "train/a.png"))
      #expect(data.frames[1].image == a)
      // Old axes (y, z, x) in the new order, translation times 0.8.
      #expect(data.frames[0].camera.pose.center == SIMD3(1.6, 0.8 * 3, 0.8))
    }
  }

  @Test("an angle gives f = W / (2 tan(θ/2)) and the middle as principal point")
  func focalFromAngle() throws {
    try scene.image("a.png")
    try scene.describe([SceneFixture.frame("a")], head: "\"camera_angle_x\": 1.5707963267948966")
    let lens = try scene.load().frames[0].camera.intrinsics
    #expect(lens.focalX.isClose(to: 2, .reference))
    #expect(lens.focalY == lens.focalX)
    #expect(lens.centerX == 2 && lens.centerY == 1)
  }

  @Test("the swapped principal point is a switch")
  func swappedPrincipalPoint() throws {
    try scene.image("a.png")
    try scene.describe([SceneFixture.frame("a")])
    var options = BlenderSceneOptions()
    options.swappedDefaultPrincipalPoint = true
    let lens = try scene.load(.train, options).frames[0].camera.intrinsics
    #expect(lens.centerX == 1 && lens.centerY == 2)
  }

  @Test("pixels go before angles, fl_y falls back to fl_x, and downscaling divides all")
  func pixelsAndDownscale() throws {
    try scene.image("a.png", width: 5, height: 4)
    try scene.describe(
      [SceneFixture.frame("a")],
      head: "\"camera_angle_x\": 1, \"fl_x\": 10, \"cx\": 2.5, \"cy\": 1.5, \"w\": 5.0, \"h\": 4")
    var options = BlenderSceneOptions()
    options.downscale = 2
    let frame = try scene.load(.train, options).frames[0]
    #expect(
      frame.camera.intrinsics == Intrinsics(focalX: 5, focalY: 5, centerX: 1.25, centerY: 0.75))
    #expect(frame.image.width == 2 && frame.image.height == 2)
    #expect(frame.camera.width == 2 && frame.camera.height == 2)
  }

  @Test("a frame's own focal length holds for it alone")
  func ownLens() throws {
    try scene.image("a.png")
    try scene.image("b.png")
    try scene.describe(
      [SceneFixture.frame("a"), SceneFixture.frame("b", more: ", \"fl_x\": 7")], head: "\"fl_x\": 3"
    )
    #expect(try scene.load().frames.map(\.camera.intrinsics.focalX) == [3, 7])
  }

  @Test("trainval is train then val, and transforms.json stands for absent splits")
  func splits() throws {
    try scene.image("a.png")
    try scene.image("b.png")
    try scene.describe([SceneFixture.frame("b")], name: "transforms.json")
    #expect(try scene.load(.test).frames.map(\.name) == ["b"])
    #expect(try scene.load(.trainval).frames.map(\.name) == ["b"])
    try scene.describe([SceneFixture.frame("a")])
    #expect(throws: SceneError.self, "val is absent") { try scene.load(.trainval) }
    try scene.describe([SceneFixture.frame("b")], name: "transforms_val.json")
    let both = try scene.load(.trainval)
    #expect(both.frames.map(\.name) == ["a", "b"] && both.split == .trainval)
  }

  @Test("a missing image is an error with its frame, or skipped and listed")
  func missingImage() throws {
    try scene.image("a.png")
    try scene.describe([SceneFixture.frame("a"), SceneFixture.frame("gone")])
    let error = #expect(throws: SceneError.self) { try scene.load() }
    #expect(error?.kind == .missingImage && error?.frame == 1)
    var options = BlenderSceneOptions()
    options.skipsMissingImages = true
    let data = try scene.load(.train, options)
    #expect(data.frames.count == 1 && data.skippedImages == ["gone.png"])
    try scene.describe([SceneFixture.frame("gone")])
    #expect(throws: SceneError.self) { try scene.load(.train, options) }
  }

  @Test(
    "options out of range are refused",
    arguments: [(0.0, 1), (-1, 1), (.nan, 1), (0.8, 0), (0.8, 3)])
  func options(scale: Double, downscale: Int) throws {
    try scene.image("a.png")
    try scene.describe([SceneFixture.frame("a")])
    var options = BlenderSceneOptions()
    options.scale = scale
    options.downscale = downscale
    let error = #expect(throws: SceneError.self) { try scene.load(.train, options) }
    #expect(error?.kind == .invalidArgument)
  }
}
