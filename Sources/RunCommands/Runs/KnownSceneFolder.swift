import Foundation
import SceneIO
import TensorIO

/// The folder of the scenes with known answers.
struct KnownSceneFolder {
  /// What the command calls them.
  static let name = "tiny"
  private static let noteName = "README.md"

  private let url: URL

  init(_ url: URL) { self.url = url }

  /// Writes one folder per scene, and what is known about them.
  func write(overwrite: Bool) throws {
    let scenes = try KnownScene.all()
    try OutputFolder(
      url: url, content: "these scenes", names: Set(scenes.map(\.name) + [Self.noteName])
    ).check(overwrite: overwrite)
    for scene in scenes { try scene.write(to: url.appending(path: scene.name)) }
    try AtomicFile.write(Data(note(scenes).utf8), to: url.appending(path: Self.noteName))
  }

  private func note(_ scenes: [KnownScene]) -> String {
    let colors = [
      ("teacher", KnownScene.teacherLogDensity, KnownScene.teacherColor),
      ("student", KnownScene.studentLogDensity, KnownScene.studentColor),
    ].map { name, s, c in "| \(name) | \(s) | \(c.map { "\($0)" }.joined(separator: ", ")) |" }
    return """
      # Scenes with known answers

      Every folder holds a teacher and a student, both `tensors`, constant where there is anything.

      \(scenes.map { "- `\($0.name)`: \($0.summary)" }.joined(separator: "\n"))

      | field | S | C |
      | --- | --- | --- |
      \(colors.joined(separator: "\n"))

      Behind z = 0 both fields of `two-colors` have C = \(KnownScene.farColor.map { "\($0)" }.joined(separator: ", ")).

      With σ = eˢ and L = Σδ along a ray, one colour c over the background b gives the pixel
      c (1 − e^(−σL)) + b e^(−σL). With N samples, `normL2` compares S as ∣ΔS∣ √N and C as ‖ΔC‖ √N; the gradients
      of S sum up to ρ √N and, for the pixels, to the chain of (c − b) e^(−σL) σL.

          pvd inspect --teacher ball/teacher.safetensors --student ball/student.safetensors \\
            --stage 3 --pixels 0,0,15,15 --out report

      """
  }
}
