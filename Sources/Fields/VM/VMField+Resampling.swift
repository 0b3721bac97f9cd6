public import NeRFCore
import RealModule

/// Changing the resolution of a trained decomposition, coarse to fine.
///
/// Every operation returns a new field with parameters of its own; an optimiser that holds the old ones
/// must be rebuilt.
extension VMField {
  /// The same field on another grid: planes and lines are interpolated linearly, corners aligned.
  ///
  ///     out[i] = (1 − f) in[⌊p⌋] + f in[⌊p⌋ + 1],    p = i (n_in − 1)/(n_out − 1),    f = p − ⌊p⌋
  ///
  /// along each axis of the grid. Basis and colour network are copied. Where the new grid contains the
  /// points of the old one, for example from n to 2n − 1 texels, the field does not change at all.
  ///
  /// - Parameter resolution: Texels along x, y and z, each at least 1.
  /// - Throws: ``ShapeError`` unless there are three positive resolutions.
  public func upsampled(to resolution: [Int]) throws(ShapeError) -> VMField {
    guard resolution.count == 3, resolution.allSatisfy({ $0 >= 1 }) else {
      throw ShapeError(
        in: "VMField.upsampled", "to", expected: [3], actual: resolution,
        fix: "Pass one positive number of texels for each of x, y and z.")
    }
    return rebuilt(resolution: resolution, frame: frame) { parameter, axes in
      parameter.resized(axes.map { resolution[$0] })
    }
  }

  /// The resolution that divides the field's box into about `voxels` cubes.
  ///
  ///     edge = ∛(volume / voxels),    resolution = ⌊extent / edge⌋ per axis, at least 1
  ///
  /// A quotient that misses a whole number by rounding alone counts as that number.
  public func targetResolution(voxels: Int) -> [Int] {
    let extents = (0..<3).map { frame.box[$0 + 3] - frame.box[$0] }
    let edge = Double.root(extents.reduce(1, *) / Double(max(voxels, 1)), 3)
    return extents.map { extent in
      let texels = extent / edge
      let nearest = texels.rounded()
      // Cube root, product and quotient are off by a few roundings of a number of this size.
      let isWhole = abs(texels - nearest) <= 16 * nearest.ulp
      return max(1, Int(isWhole ? nearest : texels.rounded(.down)))
    }
  }

  /// The edge lengths U₁ … U_k, in texels, of the successive refinements of a run:
  ///
  ///     U_j = round(exp(ln first + (ln last − ln first) j / n)),    j = 1…k
  ///
  /// The target of refinement j is `targetResolution(voxels: U_j³)`.
  ///
  /// - Parameters:
  ///   - first: The resolution a run starts with.
  ///   - last: The resolution to reach.
  ///   - steps: k, how often a run refines.
  ///   - legacy: With `false` n = k, and the last step reaches `last`. With `true` n = k + 1 as in
  ///     PVD, whose list of steps has one entry beyond the end of every run: `last` is never reached.
  public static func refinementResolutions(
    first: Int, last: Int, steps: Int, legacy: Bool = false
  ) -> [Int] {
    let parts = Double(legacy ? steps + 1 : steps)
    let low = Double.log(Double(max(first, 1)))
    let high = Double.log(Double(max(last, 1)))
    return (0..<max(steps, 0)).map { j in
      Int(Double.exp(low + (high - low) * Double(j + 1) / parts).rounded(.toNearestOrEven))
    }
  }

  /// A new field of the given grid: factors from `factor`, the rest copied.
  func rebuilt(
    resolution: [Int], frame: FieldFrame,
    factor: (_ parameter: Parameter<T>, _ axes: [Int]) -> [T]
  ) -> VMField {
    var options = options
    options.resolution = resolution
    let field = VMField(zero: options, frame: frame)
    for (index, parameter) in parameters.enumerated() {
      let target = field.parameters[index]
      guard let axes = Self.axes(ofFactor: index) else {
        target.copy(from: parameter)
        continue
      }
      for (i, value) in factor(parameter, axes).enumerated() { target.values.base[i] = value }
    }
    return field
  }

  /// World axes of a factor's rows and columns, outermost first; nil for basis and colour network.
  private static func axes(ofFactor index: Int) -> [Int]? {
    guard index < 12 else { return nil }
    let i = index % 3
    // Planes and lines alternate in groups of three.
    if index / 3 % 2 == 1 { return [lineAxes[i]] }
    return [planeAxes[i].height, planeAxes[i].width]
  }
}

extension Parameter {
  /// The values on a grid of other extents, in storage order (channels innermost).
  ///
  /// - Parameter target: Rows and columns of a plane, or the texels of a line.
  func resized(_ target: [Int]) -> [T] {
    let channels = shape[1]
    let source = Array(shape[2..<2 + target.count])
    let rows = source.count == 2 ? Self.taps(source[0], target[0]) : [(0, 0, 0)]
    let columns = Self.taps(source[source.count - 1], target[target.count - 1])
    let width = source[source.count - 1]
    var result: [T] = []
    result.reserveCapacity(rows.count * columns.count * channels)
    for (top, bottom, down) in rows {
      for (left, right, across) in columns {
        for c in 0..<channels {
          let value = { (row: Int, column: Int) in
            self.values.base[(row * width + column) * channels + c]
          }
          let upper = (1 - across) * value(top, left) + across * value(top, right)
          let lower = (1 - across) * value(bottom, left) + across * value(bottom, right)
          result.append((1 - down) * upper + down * lower)
        }
      }
    }
    return result
  }

  /// For each of `target` texels, the two source texels around it and the fraction between them.
  private static func taps(_ source: Int, _ target: Int) -> [(low: Int, high: Int, fraction: T)] {
    let scale = target > 1 ? T(source - 1) / T(target - 1) : 0
    return (0..<target).map { i in
      let position = T(i) * scale
      let low = min(Int(position.rounded(.down)), source - 1)
      return (low, min(low + 1, source - 1), position - T(low))
    }
  }
}
