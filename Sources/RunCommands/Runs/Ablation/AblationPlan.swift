import CommandSupport
import Distill
import Fields
import Foundation
import SceneIO
import TensorIO

/// Runs that differ in their levels of active learning and in their seed, and in nothing else.
struct AblationPlan: Codable, Equatable {
  /// A set of levels.
  struct Variant: Codable, Equatable {
    /// As given, for example "image,ray"; also the name of its folder.
    var name: String
    /// nil for none.
    var activeLearning: ActiveLearningSettings?
  }

  /// One run of the sweep.
  struct Run: Equatable {
    var variant: Variant
    var seed: UInt64

    /// Its folder below that of the sweep.
    var path: String { "\(AblationFolder.runsName)/\(variant.name)/seed-\(seed)" }
  }

  /// What all runs share.
  struct Setup: Codable, Equatable {
    /// Without levels, and with seed 0.
    var settings: DistillerSettings
    var configuration: FieldConfiguration
    /// Seconds after which a run stops; nil for never.
    var seconds: Double?
    /// Fingerprints of files, and choices that settings do not hold.
    var inputs: [String: String]
    /// PSNR of the teacher on the test views, in dB; nil without photographs.
    var teacherPSNR: Double?
  }

  var setup: Setup
  var variants: [Variant]
  /// Seeds from 0 on.
  var seeds: Int

  /// All runs, seed by seed, so that a sweep that is cut short has compared all variants.
  var runs: [Run] {
    (0..<seeds).flatMap { seed in
      variants.map { Run(variant: $0, seed: UInt64(seed)) }
    }
  }

  /// Reads "none;image;image,ray" with constants for the levels that a variant has.
  ///
  /// `LEVELS@SCALE` takes other constants for one variant: "ray@cpu".
  static func variants(
    _ text: String, scale: ActiveLearningSettings.Scale, constants: [String]
  ) throws -> [Variant] {
    var unused = Set(constants)
    let variants = try text.split(separator: ";", omittingEmptySubsequences: false).map { part in
      let name = part.filter { !$0.isWhitespace }
      let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
      let own = parts.count == 2 ? ActiveLearningSettings.Scale(rawValue: parts[1]) : scale
      guard let levels = parts.first, let own else {
        throw CommandFailure(
          "--variants \(text)", fact: "\"\(name)\" is no variant",
          fix: "Separate them by semicolons: \"none;ray;image,ray,point;ray@cpu\".")
      }
      let named = levels.split(separator: ",")
      let fitting = constants.filter { constant in
        // A constant without a level is for all of them.
        named != ["none"] && constant.hasPrefix("stage.")
          || named.contains { constant.hasPrefix($0 + ".") }
      }
      unused.subtract(fitting)
      return Variant(
        name: name,
        activeLearning: try ActiveLearningChoice.read(
          levels: levels, scale: own, constants: fitting, option: "--variants"))
    }
    if let constant = unused.sorted().first {
      throw CommandFailure(
        "--active-set \(constant)", fact: "no variant has its level",
        fix: "Remove it, or add the level to a variant.")
    }
    if let twice = Dictionary(grouping: variants, by: \.name).first(where: { $0.value.count > 1 }) {
      throw CommandFailure(
        "--variants \(text)", fact: "\"\(twice.key)\" is there twice", fix: "Name it once.")
    }
    return variants
  }

  /// - Throws: ``CommandFailure`` if `other`, which made the runs in `folder`, had another set-up: its runs cannot stand
  ///   beside those of this plan. It may have other variants and seeds.
  func requireSameSetup(as other: AblationPlan, in folder: URL) throws {
    var difference = setup.difference(from: other.setup)
    for variant in variants {
      guard let same = other.variants.first(where: { $0.name == variant.name }) else { continue }
      difference =
        difference
        ?? firstDifference(variant.activeLearning, same.activeLearning).map {
          ("\(variant.name): \($0.name)", $0.given, $0.saved)
        }
    }
    guard let difference else { return }
    throw CommandFailure(
      folder.path,
      fact:
        "`\(difference.name)` is \(difference.given) now and \(difference.saved) in the sweep there",
      fix: "Go on with the settings of the first call, or choose another --out.")
  }
}

extension AblationPlan.Setup {
  /// What machines with other instruction sets may make of the teacher's PSNR, in dB.
  private static let tolerance = 0.01

  /// The first difference that makes runs incomparable.
  func difference(from other: Self) -> (name: String, given: String, saved: String)? {
    var same = other
    if let psnr = teacherPSNR, let theirs = other.teacherPSNR, abs(psnr - theirs) < Self.tolerance {
      same.teacherPSNR = psnr
    }
    return firstDifference(self, same)
  }
}
