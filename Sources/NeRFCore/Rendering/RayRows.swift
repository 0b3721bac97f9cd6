/// Where the colours of sample rows lie: channel c of row k at `base[k · rowStep + c · channelStep]`.
public struct ColorRows<T: RadianceScalar> {
  /// Channel 0 of row 0.
  public let base: UnsafePointer<T>
  /// Distance between rows.
  public let rowStep: Int
  /// Distance between channels.
  public let channelStep: Int

  /// Red, green and blue of a row beside each other.
  public init(interleaved base: UnsafePointer<T>) {
    self.base = base
    rowStep = 3
    channelStep = 1
  }

  /// All reds, `stride` numbers behind them all greens, then all blues.
  public init(planar base: UnsafePointer<T>, stride: Int) {
    self.base = base
    rowStep = 1
    channelStep = stride
  }
}

/// The interval lengths of the rows of one ray.
public struct RayRows {
  /// δ of every row of the batch.
  public let deltas: UnsafePointer<Float>
  /// Gap of every row of the batch.
  public let gaps: UnsafePointer<Float>
  /// The rows of the ray.
  public let rows: Range<Int>

  /// The rows of one ray.
  public init(deltas: UnsafePointer<Float>, gaps: UnsafePointer<Float>, rows: Range<Int>) {
    self.deltas = deltas
    self.gaps = gaps
    self.rows = rows
  }
}

/// What compositing makes of one ray, or the gradient of a loss with respect to it.
public struct RayPixel<T: RadianceScalar> {
  /// I = Σ w c.
  public var color: (red: T, green: T, blue: T) = (0, 0, 0)
  /// W = Σ w.
  public var opacity: T = 0
  /// D = Σ w t.
  public var depth: T = 0
  /// Transmittance behind the last sample; losses of this library have no gradient with respect to it.
  public var residual: T = 0

  /// A ray that nothing was added to.
  public init() {}
}
