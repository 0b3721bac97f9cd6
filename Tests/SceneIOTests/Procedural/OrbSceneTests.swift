import Foundation
import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("The orb scene")
struct OrbSceneTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(
    _ name: String, threads: Int = 2, seed: UInt64 = 7, overwrite: Bool = false
  ) throws {
    try OrbScene.write(
      to: folder.url.appending(path: name), size: 12, views: 5, testViews: 4, valViews: 1,
      seed: seed, overwrite: overwrite, pool: WorkerPool(threads: threads))
  }

  @Test("one thread and two write the same bytes, another seed others")
  func determinism() throws {
    try write("one", threads: 1)
    try write("two", threads: 2)
    try write("other", seed: 8)
    let one = try folder.contents(of: "one")
    #expect(one.count == 3 + 10)
    #expect(try folder.contents(of: "two") == one)
    let other = try folder.contents(of: "other")
    #expect(other["train/r_0.png"] != one["train/r_0.png"])
    #expect(other["transforms_train.json"] != one["transforms_train.json"])
  }

  /// What a camera from the file sees is the image of the file, so poses, axes, focal length and
  /// scale of writer, reader and renderer agree.
  @Test("the images read back are those that their cameras see")
  func consistency() throws {
    try write("scene")
    let scene = folder.url.appending(path: "scene")
    let data = try BlenderScene.load(folder: scene, split: .train)
    #expect(data.frames.map(\.name) == (0..<5).map { "train/r_\($0)" } && data.channels == 4)
    var settings = ProceduralRenderSettings()
    settings.seed = 7
    for (index, frame) in data.frames.enumerated() {
      let seen = try OrbScene.render(camera: frame.camera, settings: settings, stream: index)
      for (a, b) in zip(seen.pixels, frame.image.pixels) { #expect(a.isClose(to: b, .image)) }
      let center = frame.camera.pose.center
      let distance = (center * center).sum().squareRoot()
      #expect(distance.isClose(to: 0.8 * 4.031128874, .reference))
      #expect(center.y > 0, "upper hemisphere; y is up")
      // The third column looks forward, from the camera to the origin.
      let m = frame.camera.pose.matrix
      let forward = SIMD3(m[2], m[6], m[10])
      #expect((forward * center).sum().isClose(to: -distance, .reference))
    }
    #expect(try BlenderScene.load(folder: scene, split: .test).frames.count == 4)
    #expect(try BlenderScene.load(folder: scene, split: .val).frames.count == 1)
  }

  @Test("another scale shows the same picture from the scaled camera")
  func scale() throws {
    try write("scene")
    let scene = folder.url.appending(path: "scene")
    var options = BlenderSceneOptions()
    options.scale = 0.5
    var settings = ProceduralRenderSettings()
    settings.scale = 0.5
    settings.seed = 7
    let frame = try BlenderScene.load(folder: scene, split: .train, options: options).frames[0]
    let seen = try OrbScene.render(camera: frame.camera, settings: settings)
    for (a, b) in zip(seen.pixels, frame.image.pixels) { #expect(a.isClose(to: b, .image)) }
  }

  @Test("an image has opaque, empty and partly covered pixels, and colour only where it hits")
  func coverage() throws {
    try write("scene")
    let scene = folder.url.appending(path: "scene")
    let image = try BlenderScene.load(folder: scene, split: .test).frames[0].image
    let alphas = stride(from: 3, to: image.pixels.count, by: 4).map { image.pixels[$0] }
    #expect(alphas.contains(0) && alphas.contains(1) && alphas.contains { $0 > 0 && $0 < 1 })
    for (pixel, alpha) in alphas.enumerated() where alpha == 0 {
      #expect(image.pixels[4 * pixel..<4 * pixel + 3].allSatisfy { $0 == 0 })
    }
    #expect(image[column: 0, row: 0, channel: 3] == 0, "the corner is empty")
    #expect(image[column: 6, row: 6, channel: 3] == 1, "the middle is the orb")
  }

  @Test("progress counts every image once")
  func progress() throws {
    let calls = Calls()
    try OrbScene.write(
      to: folder.url.appending(path: "scene"), size: 4, views: 3, pool: WorkerPool(threads: 2)
    ) { calls.add($0, $1) }
    #expect(calls.done == Array(1...11) && calls.totals == [11])
  }

  @Test("a folder in use is left alone unless it is an earlier scene to be overwritten")
  func overwrite() throws {
    try write("scene")
    let before = try folder.contents(of: "scene")
    let error = #expect(throws: SceneError.self) { try write("scene", seed: 1) }
    #expect(error?.kind == .targetInUse)
    #expect(try folder.contents(of: "scene") == before)
    try write("scene", seed: 1, overwrite: true)
    #expect(try folder.contents(of: "scene") != before)
    try folder.write("mine", to: "scene/notes.txt")
    #expect(throws: SceneError.self) { try write("scene", overwrite: true) }
    #expect(try folder.contents(of: "scene")["notes.txt"] == Data("mine".utf8))
    try folder.write("file", to: "file")
    #expect(throws: SceneError.self) { try write("file", overwrite: true) }
  }

  @Test("an empty folder is filled and nothing else stays behind")
  func emptyFolder() throws {
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "scene"), withIntermediateDirectories: false)
    try write("scene")
    try write("scene", overwrite: true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["scene"])
  }

  @Test(
    "arguments out of range are refused before anything is made",
    arguments: [
      (0, 1), (-5, 1), (9000, 1), (4, 0), (4, 100_001),
    ])
  func arguments(size: Int, views: Int) throws {
    let error = #expect(throws: SceneError.self) {
      try OrbScene.write(to: folder.url.appending(path: "scene"), size: size, views: views)
    }
    #expect(error?.kind == .invalidArgument)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test("the scene is found by its name, and an unknown name lists the known")
  func registry() throws {
    #expect(try ProceduralScenes.named("orb").summary == OrbScene.summary)
    let error = #expect(throws: SceneError.self) { try ProceduralScenes.named("cup") }
    #expect(error?.fix.contains("orb") == true)
  }
}

/// Collects progress from any thread; calls come one at a time, which is what is tested.
private final class Calls: @unchecked Sendable {
  var done: [Int] = []
  var totals: Set<Int> = []
  func add(_ done: Int, _ total: Int) {
    self.done.append(done)
    totals.insert(total)
  }
}
