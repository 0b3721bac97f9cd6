import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Parameters of fields")
struct FieldParameterTests {
  /// Names and shapes of PVD's checkpoints.
  private static let published: [Architecture: [(String, [Int])]] = {
    let heads: [(String, [Int])] = [
      ("sigma_net.0.weight", [64, 28]), ("sigma_net.1.weight", [16, 64]),
    ]
    let color: [(String, [Int])] = [
      ("color_net.0.weight", [64, 31]), ("color_net.1.weight", [64, 64]),
      ("color_net.2.weight", [3, 64]),
    ]
    var trunk: [(String, [Int])] = []
    let inputs = [63, 256, 256, 256, 319, 256, 256, 256]
    for k in 0..<8 {
      let outputs = k == 7 ? 28 : 256
      trunk += [("nerf_mlp.\(k).weight", [outputs, inputs[k]]), ("nerf_mlp.\(k).bias", [outputs])]
    }
    var factors: [(String, [Int])] = []
    for (name, rank) in [("sigma", 16), ("color", 48)] {
      factors += (0..<3).map { ("\(name)_mat.\($0)", [1, rank, 300, 300]) }
      factors += (0..<3).map { ("\(name)_vec.\($0)", [1, rank, 300, 1]) }
    }
    return [
      .hash: [("encoder.embeddings", [5_303_704, 2])] + heads + color,
      .mlp: trunk + heads + color,
      .vm: factors + [("basis_mat.weight", [15, 144])] + color,
      .tensors: [("tensor_volume.0", [1, 28, 128, 128, 128])],
    ]
  }()

  /// Large enough that clearing it takes longer than the other threads need to ask.
  @Test("have one gradient, whichever thread asks first")
  func gradientForManyThreads() {
    for _ in 0..<20 {
      let parameter = Parameter<Float>(name: "table", shape: [1 << 20, 2])
      let found = AlignedBuffer<Int>(count: 4, repeating: 0)
      WorkerPool(threads: 4).forEach(4) { item, _ in
        found[item] = Int(bitPattern: parameter.gradient.base)
      }
      #expect(found.array == [Int](repeating: Int(bitPattern: parameter.gradient.base), count: 4))
    }
  }

  @Test("names and shapes at the published sizes are PVD's", arguments: Architecture.allCases)
  func publishedShapes(architecture: Architecture) throws {
    let shapes = try FieldConfiguration(default: architecture).parameterShapes(frame: FieldFrame())
    let expected = try #require(Self.published[architecture])
    #expect(shapes.map(\.name) == expected.map(\.0))
    #expect(shapes.map(\.shape) == expected.map(\.1))
    let count = shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    switch architecture {
    case .hash: #expect(count == 2 * 5_303_704 + 64 * 28 + 16 * 64 + 64 * 31 + 64 * 64 + 3 * 64)
    case .mlp: #expect(count == 443_548)
    case .vm: #expect(count == 17_346_032)
    case .tensors: #expect(count == 58_720_256)
    }
  }

  @Test(
    "a field has the parameters that its configuration announces",
    arguments: SmallFields.configurations)
  func announcedShapes(configuration: FieldConfiguration) throws {
    let field = configuration.makeField(as: Float.self, frame: FieldFrame(), seed: 1)
    let shapes = try configuration.parameterShapes(frame: FieldFrame())
    #expect(field.parameters.map { ParameterShape($0.name, $0.shape) } == shapes)
    #expect(
      field.configuration == configuration && field.architecture == configuration.architecture)
    #expect(field.parameterCount == shapes.reduce(0) { $0 + $1.shape.reduce(1, *) })
    let mlp = MLPField<Float>(seed: 1)
    #expect(mlp.parameterCount == 443_548)
  }

  @Test("groups hold every parameter once, in PVD's order", arguments: SmallFields.configurations)
  func groups(configuration: FieldConfiguration) throws {
    let field = configuration.makeField(as: Float.self, frame: FieldFrame(), seed: 1)
    let members = field.groups.flatMap(\.members)
    #expect(members.sorted() == Array(field.parameters.indices))
    let names: [Architecture: [String]] = [
      .hash: ["encoder", "sigma_net", "encoder_dir", "color_net"],
      .mlp: ["sigma_net", "encoder_dir", "color_net", "nerf_mlp"],
      .vm: ["color_net", "sigma_mat", "sigma_vec", "color_mat", "color_vec", "basis_mat"],
      .tensors: ["tensor_volume", "encoder_dir"],
    ]
    #expect(field.groups.map(\.name) == names[field.architecture])
    for group in field.groups {
      let isSecondary =
        field.architecture == .vm && ["color_net", "basis_mat"].contains(group.name)
      #expect(group.rate == (isSecondary ? .secondary : .primary))
      for member in group.members {
        #expect(field.parameters[member].name.hasPrefix(group.name))
      }
    }
  }

  @Test(
    "loading what was exported changes nothing, in either layout",
    arguments: SmallFields.configurations)
  func roundTrip(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let copy = configuration.makeField(as: Float.self, frame: FieldFrame(), seed: 99)
    for (a, b) in zip(field.parameters, copy.parameters) {
      #expect(a.exported() != b.exported())
      try b.load(a.exported())
      #expect(a.exported() == b.exported() && a.values.array == b.values.array)
    }
    let batch = try randomBatch(40, seed: 1)
    #expect(field.taps(batch) == copy.taps(batch))
  }

  @Test("grids are exported channel by channel and stored texel by texel")
  func layout() throws {
    let parameter = Parameter<Float>(name: "p", shape: [1, 2, 3], layout: .channelsLast)
    try parameter.load([0, 1, 2, 10, 11, 12])
    #expect(parameter.values.array == [0, 10, 1, 11, 2, 12])
    #expect(parameter.exported() == [0, 1, 2, 10, 11, 12])
    #expect(throws: ShapeError.self) { try parameter.load([1, 2]) }
    #expect(parameter.exported() == [0, 1, 2, 10, 11, 12])
  }

  // MARK: Initialisation

  @Test(
    "the same seed gives the same field, another seed another one",
    arguments: SmallFields.configurations)
  func seeds(configuration: FieldConfiguration) {
    func values(_ seed: UInt64) -> [[Float]] {
      configuration.makeField(as: Float.self, frame: FieldFrame(), seed: seed).parameters
        .map { $0.exported() }
    }
    #expect(values(1) == values(1))
    for (a, b) in zip(values(1), values(2)) { #expect(a != b) }
    // Single and double precision start from the same numbers, up to rounding.
    let double = configuration.makeField(as: Double.self, frame: FieldFrame(), seed: 1)
    for (a, b) in zip(values(1), double.parameters) { #expect(a == b.exported().map { Float($0) }) }
  }

  /// Five standard errors, as for the generator; kurtosis 1.8 (uniform) or 3 (normal).
  @Test("initial values have the published distributions")
  func distributions() {
    func check(_ parameter: Parameter<Float>, uniform limit: Double? = nil, normal: Double = 0) {
      let values = parameter.exported().map { Double($0) }
      let n = Double(values.count)
      let deviation = limit.map { $0 / 3.0.squareRoot() } ?? normal
      let mean = values.reduce(0, +) / n
      let variance = values.reduce(0) { $0 + $1 * $1 } / n
      #expect(abs(mean) < 5 * deviation / n.squareRoot(), "\(parameter.name)")
      let spread = (limit == nil ? 2 : 0.8) / n
      #expect(
        abs(variance / (deviation * deviation) - 1) < 5 * spread.squareRoot(), "\(parameter.name)")
      if let limit {
        #expect(values.allSatisfy { abs($0) <= limit })
        // Of n uniform numbers the largest misses the end by a few n-th parts.
        #expect((values.max() ?? 0) > limit * (1 - 20 / n))
      }
    }
    var options = HashFieldOptions()
    options.log2TableSize = 12
    let hash = HashField<Float>(options: options, seed: 3)
    check(hash.parameters[0], uniform: 1e-4)
    for parameter in hash.parameters.dropFirst() {
      check(parameter, uniform: 1 / Double(parameter.shape[1]).squareRoot())
    }
    let mlp = MLPField<Float>(seed: 4)
    for (weight, bias) in zip(mlp.parameters, mlp.parameters.dropFirst())
    where bias.name.hasSuffix("bias") {
      check(weight, uniform: 1 / Double(weight.shape[1]).squareRoot())
      check(bias, uniform: 1 / Double(weight.shape[1]).squareRoot())
    }
    var vmOptions = VMFieldOptions()
    vmOptions.resolution = [20, 21, 22]
    let vm = VMField<Float>(options: vmOptions, seed: 5)
    for parameter in vm.parameters.prefix(12) { check(parameter, normal: 0.1) }
    check(vm.parameters[12], uniform: 1.0 / 12)
    var tensorsOptions = TensorsFieldOptions()
    tensorsOptions.resolution = [12, 13, 14]
    check(TensorsField<Float>(options: tensorsOptions, seed: 6).parameters[0], normal: 0.02)
  }
}
