import Foundation
import NeRFCore

/// The checked content of one `transforms*.json`, before any image is opened.
struct TransformsFile {
  /// One entry of `frames`.
  struct Frame {
    let index: Int
    /// Relative to the folder of the file, without `.` parts, with its ending.
    let imagePath: String
    let pose: CameraPose
    let lens: Lens
  }

  let url: URL
  let frames: [Frame]

  /// Largest file that is read, in bytes; real ones have a few hundred bytes per frame.
  static let sizeLimit = 16 << 20

  init(contentsOf url: URL) throws(SceneError) {
    let bytes = try SceneFile.bytes(of: url, limit: Self.sizeLimit)
    let root: JSONValue
    do throws(JSONDefect) { root = try JSONParser.parse(bytes) } catch {
      throw SceneError(
        .malformedDescription, in: url.path, fact: "line \(error.line): \(error.fact)",
        fix: "Correct the JSON there.")
    }
    let file = Fields(url: url, frame: nil, members: try Self.members(root, url, frame: nil))
    guard case .array(let entries)? = file.members["frames"] else {
      throw file.invalid(
        file.members["frames"] == nil ? "there is no \"frames\"" : "\"frames\" is not a list",
        fix: "List the images under \"frames\".")
    }
    guard !entries.isEmpty else {
      throw file.invalid("\"frames\" is empty", fix: "List at least one image.")
    }
    var frames: [Frame] = []
    var indices: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      let members = try Self.members(entry, url, frame: index)
      let fields = Fields(url: url, frame: index, members: members)
      let path = try fields.imagePath()
      if let first = indices.updateValue(index, forKey: path) {
        throw fields.invalid(
          "the image \(path) is already that of frame \(first)",
          fix: "List every image once.")
      }
      // A value of the frame itself goes before one for all frames.
      let merged = Fields(
        url: url, frame: index,
        members: members.merging(file.members) { ofFrame, _ in ofFrame })
      frames.append(
        Frame(
          index: index, imagePath: path, pose: try fields.pose(), lens: try Lens(merged)))
    }
    self.url = url
    self.frames = frames
  }

  private static func members(
    _ value: JSONValue, _ url: URL, frame: Int?
  ) throws(SceneError) -> [String: JSONValue] {
    if case .object(let members) = value { return members }
    throw SceneError(
      .invalidDescription, in: url.path, frame: frame,
      fact: "\(value.kindName) stands where an object is needed",
      fix: "Use the layout of transforms_train.json of the NeRF-Synthetic scenes.")
  }
}

/// The members of one JSON object with the place they stand at.
struct Fields {
  let url: URL
  let frame: Int?
  let members: [String: JSONValue]

  func invalid(
    _ fact: String, kind: SceneError.Kind = .invalidDescription, fix: String
  ) -> SceneError {
    SceneError(kind, in: url.path, frame: frame, fact: fact, fix: fix)
  }

  /// A finite number, or nil if the key is absent or null.
  func number(_ key: String) throws(SceneError) -> Double? {
    switch members[key] {
    case nil, .null: return nil
    case .number(let value) where value.isFinite: return value
    case .number(let value): throw invalid("\(key) is \(value)", fix: "Give a finite number.")
    case .some(let other):
      throw invalid("\(key) is \(other.kindName)", fix: "Give a number.")
    }
  }

  /// A number above 0 and below `limit`.
  func positive(_ key: String, below limit: Double) throws(SceneError) -> Double? {
    guard let value = try number(key) else { return nil }
    guard value > 0, value < limit else {
      throw invalid("\(key) is \(value)", fix: "Give a number between 0 and \(limit).")
    }
    return value
  }

  /// The camera-to-world matrix, 3×4 or 4×4, in the axes of the file.
  func pose() throws(SceneError) -> CameraPose {
    guard case .array(let rows)? = members["transform_matrix"] else {
      throw invalid(
        "transform_matrix is \(members["transform_matrix"]?.kindName ?? "absent")",
        fix: "Give the camera-to-world matrix as 4 rows of 4 numbers.")
    }
    var matrix: [Double] = []
    for (row, entry) in rows.prefix(5).enumerated() {
      guard case .array(let values) = entry, values.count == 4 else {
        throw invalid(
          "row \(row) of transform_matrix is not a list of 4 numbers",
          fix: "Give 4 rows of 4 numbers.")
      }
      for (column, entry) in values.enumerated() {
        guard case .number(let value) = entry, Float(value).isFinite else {
          throw invalid(
            "transform_matrix[\(row)][\(column)] is not a finite number",
            fix: "Estimate the camera again or remove the frame.")
        }
        matrix.append(value)
      }
    }
    guard rows.count == 3 || rows.count == 4, let pose = try? CameraPose(matrix: matrix) else {
      throw invalid("transform_matrix has \(rows.count) rows", fix: "Give 4 rows of 4 numbers.")
    }
    let m = pose.matrix
    let determinant =
      m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8])
      + m[2] * (m[4] * m[9] - m[5] * m[8])
    // Rotations have ±1 and scaled ones stay far above; below this axes have collapsed.
    guard abs(determinant) > 1e-6 else {
      throw invalid(
        "the axes of transform_matrix are not independent (determinant "
          + "\(determinant))", fix: "Give a rotation in the first three columns.")
    }
    return pose
  }

  /// `file_path` as a path below the folder, with `.png` where it has no image ending.
  func imagePath() throws(SceneError) -> String {
    guard case .string(let text)? = members["file_path"] else {
      throw invalid(
        "file_path is \(members["file_path"]?.kindName ?? "absent")",
        fix: "Give the path of the image, relative to the folder.")
    }
    let shown = text.prefix(80)
    guard !text.hasPrefix("/"), !text.contains("\0"), !text.contains("\\") else {
      throw invalid(
        "file_path \"\(shown)\" is not a relative path with '/'",
        kind: .outsideFolder, fix: "Give a path relative to the folder of the file.")
    }
    let parts = text.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else {
      throw invalid(
        "file_path \"\(shown)\" leaves the folder of the scene",
        kind: .outsideFolder, fix: "Move the image below the folder and drop the '..'.")
    }
    guard let name = parts.last else {
      throw invalid("file_path is empty", fix: "Give the path of the image.")
    }
    let path = parts.joined(separator: "/")
    let lowercased = name.lowercased()
    if lowercased.hasSuffix(".png") { return path }
    guard !lowercased.hasSuffix(".jpg"), !lowercased.hasSuffix(".jpeg") else {
      throw invalid("the image \(shown) is a JPEG", fix: "Convert the images to PNG.")
    }
    return path + ".png"
  }
}
