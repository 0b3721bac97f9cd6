import Foundation

/// How closely a tensor of a case must be met.
///
/// Stored in the metadata `tolerances` of a case, as JSON by tensor name.
public struct CaseTolerance: Equatable, Sendable {
  /// The two kinds of agreement.
  public enum Kind: Equatable, Sendable {
    /// Every element equal: integers, masks, copies.
    case exact
    /// `|actual − expected| ≤ absolute + relative · |expected|`.
    case close(relative: Double, absolute: Double)
  }

  /// The kind of agreement.
  public let kind: Kind
  /// A mask tensor whose zero entries exclude rows; its shape is that of the leading axes.
  public let rowMask: String?

  /// A tolerance.
  public init(_ kind: Kind, rowMask: String? = nil) {
    self.kind = kind
    self.rowMask = rowMask
  }
}

extension CaseTolerance: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, rtol, atol
    case rowMask = "row_mask"
  }

  /// Reads `{"kind": "exact"}` or `{"kind": "close", "rtol": …, "atol": …}`.
  ///
  /// - Throws: `DecodingError` for another kind, and for bounds that are negative or not finite:
  ///   such a bound would let everything or nothing pass.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    rowMask = try container.decodeIfPresent(String.self, forKey: .rowMask)
    func bound(_ key: CodingKeys) throws -> Double {
      let value = try container.decode(Double.self, forKey: key)
      guard value.isFinite, value >= 0 else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(value) is no bound")
      }
      return value
    }
    switch try container.decode(String.self, forKey: .kind) {
    case "exact": kind = .exact
    case "close": kind = .close(relative: try bound(.rtol), absolute: try bound(.atol))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "`\(other)` is neither exact nor close")
    }
  }

  /// Writes the form that ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch kind {
    case .exact: try container.encode("exact", forKey: .kind)
    case .close(let relative, let absolute):
      try container.encode("close", forKey: .kind)
      try container.encode(relative, forKey: .rtol)
      try container.encode(absolute, forKey: .atol)
    }
    try container.encodeIfPresent(rowMask, forKey: .rowMask)
  }
}
