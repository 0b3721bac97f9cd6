// Options are read key by key, so that a file from before an option existed means its default.

private struct OptionKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

private struct OptionReader {
  let container: KeyedDecodingContainer<OptionKey>

  init(_ decoder: any Decoder) throws { container = try decoder.container(keyedBy: OptionKey.self) }

  /// Leaves the option as it is if the file does not have it.
  func read<Value: Decodable>(_ name: String, into option: inout Value) throws {
    option =
      try container.decodeIfPresent(Value.self, forKey: OptionKey(stringValue: name)) ?? option
  }

  /// The small networks, or their hidden width alone as earlier files have it.
  func readHeads<Options: HeadedOptions>(into options: inout Options) throws {
    try read("hiddenWidth", into: &options.hiddenWidth)
    try read("heads", into: &options.heads)
  }
}

extension HashFieldOptions {
  public init(from decoder: any Decoder) throws {
    let reader = try OptionReader(decoder)
    try reader.read("levels", into: &levels)
    try reader.read("baseResolution", into: &baseResolution)
    try reader.read("log2TableSize", into: &log2TableSize)
    try reader.read("finestResolution", into: &finestResolution)
    try reader.read("levelFeatures", into: &levelFeatures)
    try reader.read("alignCorners", into: &alignCorners)
    try reader.readHeads(into: &self)
  }
}

extension MLPFieldOptions {
  public init(from decoder: any Decoder) throws {
    let reader = try OptionReader(decoder)
    try reader.read("bands", into: &bands)
    try reader.read("layers", into: &layers)
    try reader.read("width", into: &width)
    try reader.read("skip", into: &skip)
    try reader.read("trunkOutputs", into: &trunkOutputs)
    try reader.readHeads(into: &self)
  }
}

extension VMFieldOptions {
  public init(from decoder: any Decoder) throws {
    let reader = try OptionReader(decoder)
    try reader.read("resolution", into: &resolution)
    try reader.read("densityRanks", into: &densityRanks)
    try reader.read("colorRanks", into: &colorRanks)
    try reader.read("clampsColorFeatures", into: &clampsColorFeatures)
    try reader.readHeads(into: &self)
  }
}
