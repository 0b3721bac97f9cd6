import Foundation
import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("Real scenes")
struct RealSceneTests {
  @Test(
    "the lego scene has 100 RGBA training views with the published camera",
    .enabled(
      if: SharedData.item("data/lego_100") != nil,
      "data/lego_100 is not in the folder `shared` beside the package."))
  func lego() throws {
    let folder = try #require(SharedData.item("data/lego_100"))
    let data = try BlenderScene.load(folder: folder, split: .train)
    #expect(data.frames.count == 100 && data.channels == 4)
    let first = data.frames[0]
    #expect(first.name == "train/r_0")
    // f = 50 / tan(camera_angle_x / 2), written 1111.111 for the original 800 pixels.
    let focal = 50 / tan(0.6911112070083618 / 2)
    #expect(first.camera.intrinsics.focalX.isClose(to: focal, .reference))
    // (y, z, x) of the file's translation, times 0.8.
    #expect(first.camera.pose.center.x.isClose(to: 0.8 * 3.845470428466797, .reference))
    #expect(first.camera.pose.center.z.isClose(to: 0.8 * -0.05379832163453102, .reference))
    #expect(first.image.pixels.allSatisfy { (0...1).contains($0) })
    #expect(try BlenderScene.load(folder: folder, split: .trainval).frames.count == 120)
    #expect(try BlenderScene.load(folder: folder, split: .test).frames.count == 25)
  }

  @Test(
    "the fox scene has pixels for a camera, and its missing images are found",
    .enabled(
      if: SharedData.item("data/fox_8") != nil,
      "data/fox_8 is not in the folder `shared` beside the package."))
  func fox() throws {
    let folder = try #require(SharedData.item("data/fox_8"))
    let data = try BlenderScene.load(folder: folder, split: .train)
    #expect(data.frames.count == 50 && data.channels == 3)
    let camera = data.frames[0].camera
    #expect(camera.width == 135 && camera.height == 240)
    #expect(
      camera.intrinsics
        == Intrinsics(focalX: 171.94, focalY: 171.81125, centerX: 69.31975, centerY: 120.6585))
    let all = folder.appending(path: "transforms_with_missing.json")
    let error = #expect(throws: SceneError.self) { try BlenderScene.load(transforms: all) }
    #expect(error?.kind == .missingImage)
    var options = BlenderSceneOptions()
    options.skipsMissingImages = true
    let present = try BlenderScene.load(transforms: all, options: options)
    #expect(present.frames.count == 50 && present.skippedImages.count == 17)
  }
}
