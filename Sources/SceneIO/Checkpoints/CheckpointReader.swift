import Distill
import Fields
import Foundation
import NeRFCore
import TensorIO

/// An opened checkpoint whose description and shapes have been checked.
struct CheckpointReader: ~Copyable {
  let record: CheckpointRecord
  private let file: String
  private let reader: TensorFileReader

  /// Opens a file and checks everything that can be known without its data.
  init(_ url: URL) throws(CheckpointError) {
    let opened: TensorFileReader
    do throws(TensorFileError) { opened = try TensorFileReader(url) } catch {
      throw CheckpointError(error)
    }
    let record = try Self.record(metadata: opened.metadata, file: url.path)
    try Self.check(record, opened.tensors, file: url.path)
    self.record = record
    file = url.path
    reader = opened
  }

  /// The description, after a check of its values.
  static func record(
    metadata: [String: String], file: String
  ) throws(CheckpointError) -> CheckpointRecord {
    guard metadata["format"] == Checkpoint.format, let text = metadata["record"] else {
      throw CheckpointError(
        .notACheckpoint, file: file, fact: "it is a tensor file but no checkpoint of pvd",
        fix: "Name a file that `pvd train` or `pvd distill` wrote.")
    }
    guard metadata["version"] == Checkpoint.version else {
      throw CheckpointError(
        .unknownVersion, file: file,
        fact: "it has format version \(metadata["version"] ?? "none"), this program reads version "
          + Checkpoint.version, fix: "Use the version of pvd that wrote it.")
    }
    let record: CheckpointRecord
    do { record = try JSONDecoder().decode(CheckpointRecord.self, from: Data(text.utf8)) } catch {
      throw CheckpointError(
        .malformedDescription, file: file,
        fact: "its description cannot be read (\(explain(error)))",
        fix: "The file is damaged or from another version; write it again.")
    }
    let position = record.run.position
    guard record.view.isUsable, record.grid.cellsPerCascade != nil, position.step >= 0,
      position.rays >= 1, position.rays <= 1 << 24, record.run.settings?.isUsable != false,
      record.minimumNear.isFinite, record.minimumNear >= 0,
      (record.stepCounts ?? []).allSatisfy({ $0 >= 0 })
    else {
      throw CheckpointError(
        .malformedDescription, file: file,
        fact: "camera, grid, settings or position in its description make no sense",
        fix: "The file is damaged; use another checkpoint.")
    }
    return record
  }

  private static func explain(_ error: any Error) -> String {
    let place = { (path: [any CodingKey]) in path.map(\.stringValue).joined(separator: ".") }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): return "no \(place(context.codingPath + [key]))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "wrong type at \(place(context.codingPath))"
    case .dataCorrupted(let context):
      let path = place(context.codingPath)
      return path.isEmpty ? "not JSON" : "bad value at \(path)"
    default: return "unknown form"
    }
  }

  /// Compares the header with the shapes that the description implies.
  private static func check(
    _ record: CheckpointRecord, _ tensors: [TensorFileReader.Entry], file: String
  ) throws(CheckpointError) {
    let shapes: [ParameterShape]
    do throws(ValueError) {
      shapes = try record.configuration.parameterShapes(frame: record.frame)
    } catch {
      throw CheckpointError(
        .impossibleSizes, file: file, fact: "\(error.operand) is \(error.actual)",
        fix: "Use a checkpoint with \(error.operand) in \(error.expected).")
    }
    let found = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    func require(_ name: String, _ type: TensorElementType, _ shape: [Int]) throws(CheckpointError)
    {
      guard let entry = found[name] else {
        throw CheckpointError(
          .missingTensor, file: file, fact: "there is no tensor `\(name)`",
          fix: "The file is incomplete; use another checkpoint.")
      }
      guard entry.elementType == type, entry.shape == shape else {
        throw CheckpointError(
          .wrongShape, file: file,
          fact:
            "`\(name)` is \(entry.elementType.rawValue) \(entry.shape), its description asks for "
            + "\(type.rawValue) \(shape)", fix: "The file is damaged; use another checkpoint.")
      }
    }
    for (index, parameter) in shapes.enumerated() {
      try require(parameter.name, .float32, parameter.shape)
      guard let counts = record.stepCounts else { continue }
      guard counts.count == shapes.count else {
        throw CheckpointError(
          .malformedDescription, file: file,
          fact: "it has \(counts.count) step counts for \(shapes.count) parameters",
          fix: "The file is damaged; use another checkpoint.")
      }
      guard counts[index] > 0 else { continue }
      for order in ["first", "second"] {
        try require(Checkpoint.momentName(parameter.name, order), .float32, parameter.shape)
      }
    }
    let cells = record.grid.cellsPerCascade ?? 0
    try require("aabb_train", .float32, [6])
    try require("density_grid", .float32, [record.grid.cascades, cells])
    try require("density_bitfield", .uint8, [record.grid.cascades * cells / 8])
  }

  /// Reads the tensors into a field of the description's shape.
  ///
  /// - Parameters:
  ///   - optimizer: Receives moments and step counts; nil leaves them.
  ///   - acceptsNonFinite: Whether parameters may be NaN or infinite.
  /// - Returns: The occupancy grid.
  consuming func read(
    into field: any RadianceField<Float>, optimizer: FieldOptimizer<Float>?,
    acceptsNonFinite: Bool = false
  ) throws(CheckpointError) -> OccupancyGrid {
    var arrays: [String: [Float]] = [:]
    return try read(
      into: field, optimizer: optimizer, acceptsNonFinite: acceptsNonFinite, arrays: &arrays)
  }

  /// The same, with the run's own arrays, by name.
  consuming func read(
    into field: any RadianceField<Float>, optimizer: FieldOptimizer<Float>?,
    acceptsNonFinite: Bool = false, arrays: inout [String: [Float]]
  ) throws(CheckpointError) -> OccupancyGrid {
    let file = file
    let record = record
    var targets: [String: (AlignedBuffer<Float>, Parameter<Float>.Layout)] = [:]
    for parameter in field.parameters {
      targets[parameter.name] = (parameter.values, parameter.layout)
    }
    if let optimizer {
      guard let counts = record.stepCounts else {
        throw CheckpointError(
          .notResumable, file: file, fact: "it holds a field without the state of its optimiser",
          fix: "Resume from the file state.safetensors of the run.")
      }
      for (index, parameter) in field.parameters.enumerated() where counts[index] > 0 {
        let zeros = [Float](repeating: 0, count: parameter.count)
        // The counts fit by construction; the moments are then filled in place.
        try? optimizer.restore(
          index, stepCount: counts[index], firstMoments: zeros, secondMoments: zeros)
        guard let moments = optimizer.moments(of: index) else { continue }
        targets[Checkpoint.momentName(parameter.name, "first")] =
          (moments.firstMoments, parameter.layout)
        targets[Checkpoint.momentName(parameter.name, "second")] =
          (moments.secondMoments, parameter.layout)
      }
    }
    var densities: [Float] = []
    var bits: [UInt8] = []
    var found: [String: [Float]] = [:]
    defer { arrays = found }
    do {
      try reader.readTensors { name, tensor in
        func requireFinite(_ finite: Bool) throws {
          guard finite else {
            throw CheckpointError(
              .notFinite, file: file, fact: "`\(name)` holds NaN or infinity",
              fix: "The run that wrote it diverged; use an earlier checkpoint or a lower rate.")
          }
        }
        if let (buffer, layout) = targets[name] {
          let isFinite = tensor.copyFloats(to: buffer, layout: layout)
          try requireFinite(isFinite || acceptsNonFinite)
        } else if name == "density_grid" {
          densities = try tensor.floats()
          try requireFinite(densities.allSatisfy(\.isFinite))
        } else if name == "density_bitfield" {
          bits = tensor.bytes
        } else if name.hasPrefix(Checkpoint.arrayPrefix), optimizer != nil {
          let values = try tensor.floats()
          try requireFinite(values.allSatisfy(\.isFinite))
          found[String(name.dropFirst(Checkpoint.arrayPrefix.count))] = values
        }
      }
      return try record.grid.makeGrid(
        bound: record.frame.bound, densities: densities, bits: bits)
    } catch let error as CheckpointError {
      throw error
    } catch let error as TensorFileError {
      throw CheckpointError(error)
    } catch {
      throw CheckpointError(
        .malformedDescription, file: file, fact: "\(error)",
        fix: "The file is damaged; use another checkpoint.")
    }
  }
}
