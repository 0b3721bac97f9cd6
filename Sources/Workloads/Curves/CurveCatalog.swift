import Fields
public import NeRFCore

/// A training step whose cost is measured at several sizes.
public struct CurveEntry: Sendable {
  /// For example "rays".
  public let name: String
  /// What grows, and what stays.
  public let summary: String
  /// What one unit of the size is.
  public let unit: String
  /// The sizes in units, ascending.
  public let sizes: [Double]
  private let make: @Sendable (Int, WorkerPool) throws -> FieldTrainingStep<Float>

  init(
    _ name: String, _ summary: String, unit: String, sizes: [Double],
    make: @escaping @Sendable (Int, WorkerPool) throws -> FieldTrainingStep<Float>
  ) {
    self.name = name
    self.summary = summary
    self.unit = unit
    self.sizes = sizes
    self.make = make
  }

  /// Measures one size.
  ///
  /// - Throws: What the step throws.
  public func measure(_ index: Int, pool: WorkerPool, seconds: Double) throws -> CostCurve.Point {
    let step = try make(index, pool)
    let timing = try Timing(seconds: seconds) { try step.run() }
    return CostCurve.Point(size: sizes[index], seconds: timing.median)
  }
}

/// The curves that can be measured, each at four sizes.
public enum CurveCatalog {
  /// All of them.
  public static let all: [CurveEntry] = [
    rays, samples, hashTable, volume,
  ]

  private static func hash(log2TableSize: Int = 19) -> HashField<Float> {
    var options = HashFieldOptions()
    options.log2TableSize = log2TableSize
    return HashField(options: options, seed: 0)
  }

  private static let rays: CurveEntry = {
    let counts = [1024, 2048, 4096, 8192]
    return CurveEntry(
      "rays", "hash training step, 64 samples a ray, 10.6 M parameters", unit: "ray",
      sizes: counts.map(Double.init)
    ) { index, pool in
      try FieldTrainingStep(hash(), rays: counts[index], samplesPerRay: 64, pool: pool)
    }
  }()

  private static let samples: CurveEntry = {
    let (rays, counts) = (2048, [16, 32, 64, 128])
    return CurveEntry(
      "samples", "hash training step, 2048 rays of 16 to 128 samples, 10.6 M parameters",
      unit: "sample", sizes: counts.map { Double(rays * $0) }
    ) { index, pool in
      try FieldTrainingStep(hash(), rays: rays, samplesPerRay: counts[index], pool: pool)
    }
  }()

  private static let hashTable: CurveEntry = {
    let logarithms = [15, 17, 19, 20]
    let sizes = logarithms.map {
      HashGridGeometry(log2TableSize: $0, desiredResolution: 2048).rowCount * 2
    }
    return CurveEntry(
      "hash table", "hash training step, 1024 rays of 64 samples, levels of 2¹⁵ to 2²⁰ rows",
      unit: "parameter", sizes: sizes.map(Double.init)
    ) { index, pool in
      try FieldTrainingStep(
        hash(log2TableSize: logarithms[index]), rays: 1024, samplesPerRay: 64, pool: pool)
    }
  }()

  private static let volume: CurveEntry = {
    let sides = [48, 64, 96, 128]
    return CurveEntry(
      "volume", "tensors training step, 1024 rays of 64 samples, 48³ to 128³ voxels",
      unit: "parameter", sizes: sides.map { Double(28 * $0 * $0 * $0) }
    ) { index, pool in
      var options = TensorsFieldOptions()
      options.resolution = [Int](repeating: sides[index], count: 3)
      return try FieldTrainingStep(
        TensorsField<Float>(options: options, seed: 0), rays: 1024, samplesPerRay: 64, pool: pool)
    }
  }()
}
