public import Distill
public import Fields
public import Foundation
public import NeRFCore
import TensorIO

/// A field that was read from a file, with what is needed to render it and to distil from it.
public struct LoadedField: Sendable {
  /// The field.
  public let field: any RadianceField<Float>
  /// Where it may be dense.
  public let grid: OccupancyGrid
  /// Everything else the file says.
  public let record: CheckpointRecord
}

/// Fields and runs as safetensors files.
///
/// A file holds the parameters under PVD's names and shapes, `aabb_train` `[6]`, `density_grid`
/// `[cascades, G³]` and `density_bitfield` (bytes). A file from which a run goes on also holds the
/// optimiser's moments as `optimizer.NAME.first` and `optimizer.NAME.second`, in the shape of the
/// parameter, and pools of active learning as `active.LEVEL.NAME`. The metadata has `format`, `version` and, as JSON, the ``CheckpointRecord``.
///
/// A file appears whole or not at all, and one file holds all of a state, so a run that is killed at
/// any moment finds a state that fits together. Reading trusts nothing: shapes are compared with those
/// that the description implies before memory is taken, and numbers must be finite.
public enum Checkpoint {
  static let format = "pvd checkpoint"
  /// The version this library writes and reads.
  public static let version = "1"

  /// Writes the field of a run.
  ///
  /// - Parameters:
  ///   - run: The run, between two steps.
  ///   - view: A camera like those of the scene.
  ///   - settings: What the run was told.
  ///   - inputs: What it was given, by role.
  ///   - resumable: Whether to write what ``restore(_:from:)`` needs; three times the size.
  ///   - url: The file.
  /// - Throws: ``TensorIO/FileError`` if the file cannot be written; an older one is then as it was.
  public static func save(
    _ run: any ResumableRun, view: ViewTemplate, settings: RunSettings, inputs: [String: String],
    resumable: Bool, to url: URL
  ) throws {
    let record = CheckpointRecord(
      configuration: run.field.configuration, frame: run.field.frame, view: view,
      minimumNear: settings.minimumNear, grid: GridRecord(run.grid),
      run: RunRecord(settings: settings, position: run.position, inputs: inputs),
      stepCounts: resumable ? run.optimizer.stepCounts : nil)
    try save(
      run.field, grid: run.grid, record: record, optimizer: resumable ? run.optimizer : nil,
      arrays: resumable ? run.arrays : [:], to: url)
  }

  /// Writes a field, with the optimiser's moments if given.
  ///
  /// - Throws: As ``save(_:view:settings:inputs:resumable:to:)``.
  public static func save(
    _ field: any RadianceField<Float>, grid: OccupancyGrid, record: CheckpointRecord,
    optimizer: FieldOptimizer<Float>? = nil, arrays: [String: [Float]] = [:], to url: URL
  ) throws {
    typealias Entry = TensorFileWriter.Entry
    var entries: [Entry] = []
    for parameter in field.parameters {
      entries.append(
        Entry(
          name: parameter.name, shape: parameter.shape, layout: parameter.layout,
          elements: parameter.values))
    }
    if let optimizer {
      for (index, parameter) in field.parameters.enumerated() {
        guard let moments = optimizer.moments(of: index) else { continue }
        for (order, elements) in [
          ("first", moments.firstMoments), ("second", moments.secondMoments),
        ] {
          entries.append(
            Entry(
              name: momentName(parameter.name, order), shape: parameter.shape,
              layout: parameter.layout, elements: elements))
        }
      }
    }
    entries.append(
      Entry(
        name: "aabb_train", tensor: try StoredTensor(field.frame.box.map { Float($0) }, shape: [6]))
    )
    entries.append(
      Entry(
        name: "density_grid", elementType: .float32, shape: [grid.cascades, grid.cellsPerCascade]
      ) {
        receive in try grid.densities.withUnsafeBytes(receive)
      })
    entries.append(
      Entry(name: "density_bitfield", elementType: .uint8, shape: [grid.bits.count]) { receive in
        try grid.bits.withUnsafeBytes(receive)
      })
    for name in arrays.keys.sorted() {
      let values = arrays[name] ?? []
      entries.append(
        Entry(name: arrayPrefix + name, elementType: .float32, shape: [values.count]) { receive in
          try values.withUnsafeBytes { try receive($0) }
        })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(record), as: UTF8.self)
    try TensorFileWriter.write(
      to: url, metadata: ["format": format, "version": version, "record": text], entries: entries)
  }

  /// In front of the names of a run's own arrays.
  static let arrayPrefix = "active."

  static func momentName(_ parameter: String, _ order: String) -> String {
    "optimizer.\(parameter).\(order)"
  }

  /// Reads the description of a file, without its tensors.
  ///
  /// - Throws: ``CheckpointError`` naming file, fault and remedy.
  public static func record(of url: URL) throws(CheckpointError) -> CheckpointRecord {
    let metadata: [String: String]
    do throws(TensorFileError) { metadata = try TensorFile.readMetadata(contentsOf: url) } catch {
      throw CheckpointError(error)
    }
    return try CheckpointReader.record(metadata: metadata, file: url.path)
  }

  /// Reads a field of any architecture.
  ///
  /// - Parameters:
  ///   - architecture: Refuses other architectures; nil takes any.
  ///   - acceptsNonFinite: Takes parameters that are NaN or infinite: to look at them, nothing else.
  /// - Throws: ``CheckpointError`` naming file, fault and remedy.
  public static func load(
    _ url: URL, expecting architecture: Architecture? = nil, acceptsNonFinite: Bool = false
  ) throws(CheckpointError) -> LoadedField {
    let reader = try CheckpointReader(url)
    let record = reader.record
    if let architecture, architecture != record.configuration.architecture {
      throw CheckpointError(
        .wrongArchitecture, file: url.path,
        fact: "it holds a \(record.configuration.architecture.rawValue) field, "
          + "not \(architecture.rawValue)",
        fix: "Name a checkpoint of a \(architecture.rawValue) field, or ask for "
          + "\(record.configuration.architecture.rawValue).")
    }
    let field = record.configuration.makeField(as: Float.self, frame: record.frame, seed: nil)
    let grid = try reader.read(
      into: field, optimizer: nil, acceptsNonFinite: acceptsNonFinite)
    return LoadedField(field: field, grid: grid, record: record)
  }

  /// Continues a run: parameters, moments, step counts, grid and position become those of the file.
  ///
  /// - Parameter run: A run that was set up as the saved one was.
  /// - Throws: ``CheckpointError`` naming file, fault and remedy; the run must not be used then.
  public static func restore(
    _ run: any ResumableRun, from url: URL
  ) throws(CheckpointError) {
    let reader = try CheckpointReader(url)
    let record = reader.record
    guard record.configuration == run.field.configuration, record.frame == run.field.frame,
      record.run.settings?.iterations == run.iterations
    else {
      throw CheckpointError(
        .differentRun, file: url.path, fact: "it was saved by a run with other sizes",
        fix: "Set the run up as it was first.")
    }
    var arrays: [String: [Float]] = [:]
    let grid = try reader.read(into: run.field, optimizer: run.optimizer, arrays: &arrays)
    do throws(ValueError) {
      try run.restore(record.run.position, grid: grid, arrays: arrays)
    } catch {
      throw CheckpointError(
        .malformedDescription, file: url.path, fact: error.description, fix: error.fix)
    }
  }
}
