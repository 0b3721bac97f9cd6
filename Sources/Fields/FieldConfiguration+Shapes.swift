public import NeRFCore

/// Name and shape of one parameter, without its elements.
public struct ParameterShape: Equatable, Sendable {
  /// PVD's name.
  public let name: String
  /// PVD's shape.
  public let shape: [Int]

  /// A name with its shape.
  public init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}

/// Options that know the shapes of a field before it is built, so that a file can be checked against
/// them before memory is taken.
public protocol FieldOptions {
  /// The parameters of a field with these options, in the order of ``RadianceField/parameters``.
  ///
  /// - Throws: ``ValueError`` for an option outside the range a field can be built with.
  func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape]
}

extension FieldConfiguration {
  /// The options, whatever the architecture.
  public var options: any FieldOptions {
    switch self {
    case .hash(let options): options
    case .mlp(let options): options
    case .vm(let options): options
    case .tensors(let options): options
    }
  }

  /// Names and shapes of the parameters that ``makeField(as:frame:seed:)`` will make.
  ///
  /// - Throws: ``ValueError`` for options or a frame that no field can be built with.
  public func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape] {
    try frame.check()
    return try options.parameterShapes(frame: frame)
  }
}

extension FieldFrame {
  /// - Throws: ``ValueError`` unless bound, box and clamp are finite and in order.
  public func check() throws(ValueError) {
    func require(_ holds: Bool, _ name: String, _ actual: String, _ expected: String)
      throws(ValueError)
    {
      guard holds else {
        throw ValueError(
          in: "FieldFrame", name, expected: expected, actual: actual,
          fix: "Give a scene box of positive size around the origin.")
      }
    }
    try require(
      bound > 0 && bound <= 32_768, "bound", "\(bound)", "a number above 0, at most 32768")
    try require(
      box.count == 6 && box.allSatisfy(\.isFinite) && (0..<3).allSatisfy { box[$0] < box[$0 + 3] },
      "box", "\(box)", "three minima and three larger maxima")
    try require(
      logDensityMinimum >= -1000 && logDensityMinimum < logDensityMaximum
        && logDensityMaximum <= 80, "logDensityMaximum",
      "\(logDensityMinimum)...\(logDensityMaximum)", "a range within −1000...80")
  }
}

private func require(
  _ option: String, _ value: Int, in range: ClosedRange<Int>
) throws(ValueError) {
  guard range.contains(value) else {
    throw ValueError(
      in: "FieldConfiguration", option, expected: "\(range)", actual: "\(value)",
      fix: "Choose a size in this range.")
  }
}

extension HeadOptions {
  fileprivate func check() throws(ValueError) {
    try require("densityLayers", densityLayers, in: 1...16)
    try require("densityWidth", densityWidth, in: 1...4096)
    try require("colorLayers", colorLayers, in: 1...16)
    try require("colorWidth", colorWidth, in: 1...4096)
    try require("colorFeatures", colorFeatures, in: 1...1024)
  }

  fileprivate func densityShapes(inputs: Int) -> [ParameterShape] {
    layers("sigma_net", densityWidths(inputs: inputs))
  }

  fileprivate var colorShapes: [ParameterShape] { layers("color_net", colorWidths) }

  private func layers(_ name: String, _ widths: [Int]) -> [ParameterShape] {
    var shapes: [ParameterShape] = []
    for k in 1..<widths.count {
      shapes.append(ParameterShape("\(name).\(k - 1).weight", [widths[k], widths[k - 1]]))
      if bias { shapes.append(ParameterShape("\(name).\(k - 1).bias", [widths[k]])) }
    }
    return shapes
  }
}

extension HashFieldOptions: FieldOptions {
  public func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape] {
    try require("levels", levels, in: 1...32)
    try require("baseResolution", baseResolution, in: 1...4096)
    try require("log2TableSize", log2TableSize, in: 3...30)
    try heads.check()
    guard [1, 2, 4, 8].contains(levelFeatures) else {
      throw ValueError(
        in: "FieldConfiguration", "levelFeatures", expected: "1, 2, 4 or 8",
        actual: "\(levelFeatures)", fix: "Choose one of these.")
    }
    guard finestResolution * frame.bound >= 1, finestResolution * frame.bound <= 0x1p24 else {
      throw ValueError(
        in: "FieldConfiguration", "finestResolution", expected: "1...2²⁴ over the bound",
        actual: "\(finestResolution)", fix: "Choose a size in this range.")
    }
    let geometry = geometry(bound: frame.bound)
    return [ParameterShape("encoder.embeddings", [geometry.rowCount, geometry.features])]
      + heads.densityShapes(inputs: geometry.outputCount) + heads.colorShapes
  }
}

extension MLPFieldOptions: FieldOptions {
  public func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape] {
    try require("bands", bands, in: 0...24)
    try require("layers", layers, in: 2...64)
    try require("width", width, in: 1...8192)
    try require("skip", skip, in: -1...64)
    try require("trunkOutputs", trunkOutputs, in: 1...4096)
    try heads.check()
    let encoded = 3 + 6 * bands
    var result: [ParameterShape] = []
    for k in 0..<layers {
      let inputs = k == 0 ? encoded : k == skip + 1 ? encoded + width : width
      let outputs = k + 1 == layers ? trunkOutputs : width
      result.append(ParameterShape("nerf_mlp.\(k).weight", [outputs, inputs]))
      result.append(ParameterShape("nerf_mlp.\(k).bias", [outputs]))
    }
    return result + heads.densityShapes(inputs: trunkOutputs) + heads.colorShapes
  }
}

extension VMFieldOptions: FieldOptions {
  public func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape] {
    for (name, sizes, largest) in [
      ("resolution", resolution, 8192), ("densityRanks", densityRanks, 1024),
      ("colorRanks", colorRanks, 1024),
    ] {
      try require("\(name).count", sizes.count, in: 3...3)
      for size in sizes { try require(name, size, in: 1...largest) }
    }
    try heads.check()
    var result: [ParameterShape] = []
    for (name, ranks) in [("sigma", densityRanks), ("color", colorRanks)] {
      for (i, axes) in VMField<Float>.planeAxes.enumerated() {
        result.append(
          ParameterShape(
            "\(name)_mat.\(i)", [1, ranks[i], resolution[axes.height], resolution[axes.width]]))
      }
      for (i, axis) in VMField<Float>.lineAxes.enumerated() {
        result.append(ParameterShape("\(name)_vec.\(i)", [1, ranks[i], resolution[axis], 1]))
      }
    }
    result.append(
      ParameterShape(
        "basis_mat.weight", [heads.colorFeatures, colorRanks.reduce(0, +)]))
    return result + heads.colorShapes
  }
}

extension TensorsFieldOptions: FieldOptions {
  public func parameterShapes(frame: FieldFrame) throws(ValueError) -> [ParameterShape] {
    try require("resolution.count", resolution.count, in: 3...3)
    for size in resolution { try require("resolution", size, in: 1...2048) }
    try require("degree", degree, in: 1...4)
    return [ParameterShape("tensor_volume.0", [1, 1 + 3 * degree * degree] + resolution)]
  }
}
