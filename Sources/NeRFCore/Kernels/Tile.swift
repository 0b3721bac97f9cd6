import CNeRFKernels

/// Layout constants of a tile: the block of samples that goes through a field while in cache.
///
/// A tile matrix has one row per feature and one column per sample. Rows are ``stride`` numbers
/// apart, an odd number of cache lines, so that a column walk does not meet the same cache set.
public enum Tile {
  /// Most samples in a tile.
  public static let capacity = Int(PVD_TILE_CAPACITY)
  /// Distance between rows.
  public static let stride = Int(PVD_TILE_STRIDE)
  /// Kernels process columns in multiples of this.
  public static let step = Int(PVD_TILE_STEP)

  /// `count` rounded up to whole steps.
  public static func padded(_ count: Int) -> Int { (count + step - 1) / step * step }
}

/// Size of a dense layer `y = W x + b`, with W stored `[outputs, inputs]`.
public struct DenseShape: Equatable, Sendable {
  /// Rows of the weight matrix.
  public let outputs: Int
  /// Columns of the weight matrix.
  public let inputs: Int

  /// A layer from `inputs` to `outputs` numbers.
  public init(outputs: Int, inputs: Int) {
    self.outputs = outputs
    self.inputs = inputs
  }

  /// Entries of the weight matrix.
  public var weightCount: Int { outputs * inputs }
}

/// Extents of a dense volume `[depth, height, width]` with `channels` numbers per voxel, innermost.
public struct VolumeShape: Equatable, Sendable {
  /// Voxels along the first (z) axis.
  public let depth: Int
  /// Voxels along the middle (y) axis.
  public let height: Int
  /// Voxels along the last (x) axis.
  public let width: Int
  /// Numbers per voxel.
  public let channels: Int

  /// All four extents.
  public init(depth: Int, height: Int, width: Int, channels: Int) {
    self.depth = depth
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Numbers in the volume.
  public var count: Int { depth * height * width * channels }
}

/// Three pointers to the x, y and z components of consecutive points.
public struct PointPointers<Scalar> {
  /// Components of the first axis.
  public let x: UnsafePointer<Scalar>
  /// Components of the second axis.
  public let y: UnsafePointer<Scalar>
  /// Components of the third axis.
  public let z: UnsafePointer<Scalar>

  /// Wraps the start of three component arrays.
  public init(
    _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ z: UnsafePointer<Scalar>
  ) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The same arrays, starting `rows` points later.
  public func advanced(by rows: Int) -> PointPointers {
    PointPointers(x + rows, y + rows, z + rows)
  }

  /// The component arrays by axis number.
  public subscript(axis: Int) -> UnsafePointer<Scalar> { axis == 0 ? x : axis == 1 ? y : z }
}
