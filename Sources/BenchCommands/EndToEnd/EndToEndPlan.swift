import ArgumentParser
import CommandSupport
import Fields

/// A teacher, or a teacher and a student, as `--only` names them.
struct EndToEndChoice: ExpressibleByArgument, Equatable {
  let teacher: Architecture
  /// nil for the teacher's own measurements.
  let student: Architecture?

  init(_ teacher: Architecture, _ student: Architecture? = nil) {
    self.teacher = teacher
    self.student = student
  }

  /// "hash", or "hash2vm".
  init?(argument: String) {
    let names = argument.split(separator: "2", omittingEmptySubsequences: false).map(String.init)
    let fields = names.compactMap(Architecture.init(rawValue:))
    guard fields.count == names.count, let teacher = fields.first, fields.count <= 2,
      fields.count == 1 || fields[1] != teacher
    else { return nil }
    self.init(teacher, fields.count == 2 ? fields[1] : nil)
  }

  /// Four teachers and twelve pairs.
  static let all: [EndToEndChoice] =
    Architecture.allCases.map { EndToEndChoice($0) }
    + Architecture.allCases.flatMap { teacher in
      Architecture.allCases.filter { $0 != teacher }.map { EndToEndChoice(teacher, $0) }
    }
}

/// What the end-to-end benchmark measures.
struct EndToEndPlan {
  var choices = EndToEndChoice.all
  var preset = Preset.small
  /// Seconds of every window.
  var seconds = 1.0
  /// The PSNR that teachers are trained to, in dB.
  var target = 25.0
  /// Seconds of training after which a teacher gives up, and of rendering one image.
  var limit = 20.0
  var threads: [Int]
  /// Sets of kernels; nil for the default one.
  var instructionSets: [String]?

  /// Teachers that are needed, in the order in which they are met.
  var teachers: [Architecture] {
    choices.map(\.teacher).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Whether a teacher's own figures were asked for.
  func shows(_ teacher: Architecture) -> Bool { choices.contains(EndToEndChoice(teacher)) }

  /// Students of a teacher.
  func students(of teacher: Architecture) -> [Architecture] {
    choices.filter { $0.teacher == teacher }.compactMap(\.student)
  }
}
