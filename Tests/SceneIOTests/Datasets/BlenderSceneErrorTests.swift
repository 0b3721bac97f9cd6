import Foundation
import SceneIO
import Testing

@Suite("Descriptions of scenes that make no sense")
struct BlenderSceneErrorTests {
  let scene: SceneFixture

  init() throws {
    scene = try SceneFixture()
    try scene.image("a.png")
    try scene.image("b.png")
  }

  private func failure(_ kind: SceneError.Kind, frame: Int? = nil) {
    let error = #expect(throws: SceneError.self) { try scene.load() }
    guard let error else { return }
    #expect(error.kind == kind, "\(error)")
    #expect(error.frame == frame, "\(error)")
    #expect(error.location.hasSuffix(".json") || error.location.hasSuffix(".png"))
    #expect(!error.fact.isEmpty && !error.fix.isEmpty && !error.description.contains("\n"))
  }

  /// The same frame is valid with the identity, see `order()`; only the matrix is at fault.
  @Test(
    "matrices are refused with the number of the frame",
    arguments: [
      "null", "7", "[]", "[[1,0,0,0],[0,1,0,0]]", "[[1,0,0],[0,1,0],[0,0,1]]",
      "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1],[0,0,0,1]]", "[[NaN,0,0,0],[0,1,0,0],[0,0,1,0]]",
      "[[1,0,0,Infinity],[0,1,0,0],[0,0,1,0]]", "[[1,0,0,1e999],[0,1,0,0],[0,0,1,0]]",
      "[[1,0,0,1e39],[0,1,0,0],[0,0,1,0]]", "[[1,0,0,\"0\"],[0,1,0,0],[0,0,1,0]]",
      "[[0,0,0,0],[0,0,0,0],[0,0,0,0]]", "[1,0,0,0,0,1,0,0,0,0,1,0]",
    ])
  func matrices(matrix: String) throws {
    try scene.describe([SceneFixture.frame("a"), SceneFixture.frame("b", matrix: matrix)])
    failure(.invalidDescription, frame: 1)
  }

  @Test(
    "an absent matrix or path is refused",
    arguments: [
      "{\"file_path\": \"b\"}", "{\"transform_matrix\": \(SceneFixture.identity)}", "5", "[]",
      "null",
      "{\"file_path\": 3, \"transform_matrix\": \(SceneFixture.identity)}",
      "{\"file_path\": \"\", \"transform_matrix\": \(SceneFixture.identity)}",
    ])
  func absentValues(frame: String) throws {
    try scene.describe([SceneFixture.frame("a"), frame])
    failure(.invalidDescription, frame: 1)
  }

  @Test(
    "paths out of the folder are refused even where a file exists",
    arguments: [
      "/etc/hostname", "../a", "x/../../a.png", "./..", "..\\\\a", "a\\u0000b",
    ])
  func traversal(path: String) throws {
    try scene.describe([SceneFixture.frame("a"), SceneFixture.frame(path)])
    failure(.outsideFolder, frame: 1)
  }

  @Test(
    "focal lengths, principal points and sizes are refused",
    arguments: [
      "\"x\": 1", "\"fl_x\": 0", "\"fl_x\": -3", "\"fl_x\": NaN", "\"fl_x\": 1e999",
      "\"fl_x\": \"3\"", "\"camera_angle_x\": 0", "\"camera_angle_x\": 3.2",
      "\"camera_angle_x\": NaN",
      "\"fl_x\": 3, \"cx\": Infinity", "\"fl_x\": 3, \"cy\": 1e300",
      "\"fl_x\": 3, \"w\": 0, \"h\": 2",
      "\"fl_x\": 3, \"w\": 4.5, \"h\": 2", "\"fl_x\": 3, \"w\": 1e12, \"h\": 1e12",
      "\"fl_x\": 3, \"w\": -4, \"h\": 2",
    ])
  func lenses(head: String) throws {
    try scene.describe([SceneFixture.frame("a")], head: head)
    failure(.invalidDescription, frame: 0)
  }

  @Test("an image twice is refused")
  func duplicateImage() throws {
    try scene.describe([
      SceneFixture.frame("a"), SceneFixture.frame("b"), SceneFixture.frame("./a.png"),
    ])
    failure(.invalidDescription, frame: 2)
  }

  @Test("a JPEG is refused with the advice to convert it")
  func jpeg() throws {
    try scene.describe([SceneFixture.frame("a.jpg")])
    failure(.invalidDescription, frame: 0)
  }

  @Test(
    "texts that are no object with frames are refused",
    arguments: [
      "[]", "3", "\"frames\"", "null", "{}", "{\"frames\": 3}", "{\"frames\": []}",
    ])
  func notAScene(text: String) throws {
    try scene.folder.write(text, to: "transforms_train.json")
    failure(.invalidDescription)
  }

  @Test(
    "texts that are not JSON are refused",
    arguments: [
      "", " ", "{", "{\"frames\": [}", "{\"frames\": [] ", "{} {}", "{\"a\": 01}", "{\"a\": 1.}",
      "{\"a\": +1}", "{\"a\": 1e}", "{\"a\": .5}", "{\"a\": tru}", "{'a': 1}", "{\"a\" 1}",
      "{\"a\": 1,}", "[1,]", "{\"a\": \"\n\"}", "{\"a\": \"\\x\"}", "{\"a\": \"\\ud800\"}",
      "{\"a\": \"\\u12\"}", "{\"a\": 1, \"a\": 2}", "{\"a\": \"", "-", "nan", "0x10",
      String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    ])
  func malformed(text: String) throws {
    try scene.folder.write(text, to: "transforms_train.json")
    failure(.malformedDescription)
  }

  @Test("an unused value may be nested 63 deep, not 65")
  func nesting() throws {
    func nested(_ depth: Int) -> String {
      let brackets = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return "\"fl_x\": 3, \"x\": \(brackets)"
    }
    try scene.describe([SceneFixture.frame("a")], head: nested(63))
    #expect(try scene.load().frames.count == 1)
    try scene.describe([SceneFixture.frame("a")], head: nested(65))
    failure(.malformedDescription)
  }

  @Test("a text that is not UTF-8 is refused")
  func invalidUTF8() throws {
    try scene.folder.write([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], to: "transforms_train.json")
    failure(.malformedDescription)
  }

  @Test("the line of a JSON fault is told")
  func line() throws {
    try scene.folder.write("{\n\"a\": 1,\n\"a\": 2}", to: "transforms_train.json")
    let error = #expect(throws: SceneError.self) { try scene.load() }
    #expect(error?.fact.hasPrefix("line 3: ") == true)
  }

  @Test("escapes and surrogate pairs name the file they spell")
  func escapes() throws {
    try scene.image("ä😀.png")
    try scene.describe([SceneFixture.frame("\\u00e4\\uD83D\\ude00")])
    #expect(try scene.load().frames[0].name == "ä😀")
  }

  @Test("images of another size than declared, or than the first, are refused")
  func sizes() throws {
    try scene.image("big.png", width: 5)
    try scene.describe([SceneFixture.frame("a"), SceneFixture.frame("big")])
    failure(.imageMismatch, frame: 1)
    try scene.describe([SceneFixture.frame("a")], head: "\"fl_x\": 3, \"w\": 4, \"h\": 3")
    failure(.imageMismatch, frame: 0)
  }

  @Test("images with and without alpha do not mix")
  func channels() throws {
    try scene.image("alpha.png", channels: 4)
    try scene.describe([SceneFixture.frame("a"), SceneFixture.frame("alpha")])
    failure(.imageMismatch, frame: 1)
  }

  @Test("the first damaged image in file order is reported for any number of threads")
  func damagedImages() throws {
    try scene.folder.write("no image", to: "c.png")
    try scene.folder.write("no image", to: "d.png")
    try scene.describe(["a", "c", "d", "b"].map { SceneFixture.frame($0) })
    for _ in 0..<8 { failure(.notAnImage, frame: 1) }
  }

  @Test("an absent split is an error of the file system")
  func absentSplit() {
    let error = #expect(throws: SceneError.self) { try scene.load(.val) }
    #expect(error?.location.hasSuffix("transforms_val.json") == true)
  }
}
