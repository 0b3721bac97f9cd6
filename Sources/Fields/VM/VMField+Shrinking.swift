public import NeRFCore

/// Cutting the empty border off a decomposition, so that a refinement spends its texels on the object.
extension VMField {
  /// The field cut to the occupied cells of the coarsest cascade of `grid`.
  ///
  /// A cell counts as occupied if its density exceeds `min(densityThreshold, grid.meanDensity)`. With
  /// the tight box `lo…hi` of these cells (outer faces), the box `a…b` of the field and n texels along
  /// an axis, the texels `tl ..< br` stay:
  ///
  ///     unit = (b − a)/n,    tl = max(0, round((lo − a)/unit)),    br = min(n, round((hi − a)/unit))
  ///
  /// rounded half to even; at least two texels stay (one with `legacyBox`). Texel k lies at `a + k (b − a)/(n − 1)`, so the new box is
  ///
  ///     a + tl (b − a)/(n − 1) … a + (br − 1) (b − a)/(n − 1)
  ///
  /// and the field does not change inside it. PVD sets the box to `lo…hi` instead, which shifts and
  /// stretches the field by up to half a texel: that is `legacyBox`.
  ///
  /// - Parameters:
  ///   - grid: Occupancy of the scene; only densities and mean are read.
  ///   - densityThreshold: In 1 / scene unit.
  ///   - legacyBox: Set the box to the occupied cells instead of the texels that are kept.
  /// - Throws: ``ValueError`` if no cell is occupied, or if the occupied cells lie outside the field's
  ///   box.
  public func shrunk(
    to grid: OccupancyGrid, densityThreshold: Float, legacyBox: Bool = false
  ) throws(ValueError) -> VMField {
    let occupied = try grid.occupiedBox(
      aboveDensity: min(densityThreshold, grid.meanDensity))
    var kept: [Range<Int>] = []
    var frame = frame
    for axis in 0..<3 {
      let texels = options.resolution[axis]
      let low = self.frame.box[axis]
      let high = self.frame.box[axis + 3]
      // In single precision, as PVD: with power-of-two grids the quotients often are exact halves.
      let unit = (Float(high) - Float(low)) / Float(texels)
      let scale = unit > 0 ? unit : 1
      let first = ((occupied.low[axis] - Float(low)) / scale).rounded(.toNearestOrEven)
      let last = ((occupied.high[axis] - Float(low)) / scale).rounded(.toNearestOrEven)
      var lower = Int(min(max(first, 0), Float(texels)))
      var upper = Int(min(max(last, 0), Float(texels)))
      guard unit > 0, occupied.high[axis] > Float(low), occupied.low[axis] < Float(high) else {
        throw ValueError(
          in: "VMField.shrunk", "grid", expected: "occupied cells inside the box of the field",
          actual: "cells in \(occupied.low[axis])...\(occupied.high[axis]) along axis \(axis)",
          fix: "Take the occupancy grid of the same scene, with the box \(low)...\(high).")
      }
      // Rounding may leave nothing of a thin object; and a box snapped to one texel has no extent.
      let fewest = legacyBox ? 1 : min(2, texels)
      upper = max(upper, min(lower + fewest, texels))
      lower = min(lower, upper - fewest)
      if !legacyBox {
        let step = texels > 1 ? (high - low) / Double(texels - 1) : 0
        frame.box[axis] = low + Double(lower) * step
        frame.box[axis + 3] = upper == texels ? high : low + Double(upper - 1) * step
      } else {
        frame.box[axis] = Double(occupied.low[axis])
        frame.box[axis + 3] = Double(occupied.high[axis])
      }
      kept.append(lower..<upper)
    }
    return rebuilt(resolution: kept.map(\.count), frame: frame) { parameter, axes in
      parameter.sliced(axes.map { kept[$0] })
    }
  }
}

extension Parameter {
  /// The values of some texels, in storage order (channels innermost).
  ///
  /// - Parameter kept: Rows and columns of a plane, or the texels of a line.
  func sliced(_ kept: [Range<Int>]) -> [T] {
    let channels = shape[1]
    let width = shape[1 + kept.count]
    let rows = kept.count == 2 ? kept[0] : 0..<1
    var result: [T] = []
    for row in rows {
      for column in kept[kept.count - 1] {
        let start = (row * width + column) * channels
        for c in 0..<channels { result.append(values.base[start + c]) }
      }
    }
    return result
  }
}

extension OccupancyGrid {
  /// The tight box, by outer faces, of the cells of the coarsest cascade whose density exceeds a
  /// threshold.
  ///
  /// - Throws: ``ValueError`` if there is no such cell.
  func occupiedBox(
    aboveDensity threshold: Float
  ) throws(ValueError) -> (low: SIMD3<Float>, high: SIMD3<Float>) {
    let cascade = cascades - 1
    let start = cascade * cellsPerCascade
    var lowest = SIMD3<Int>(repeating: resolution)
    var highest = SIMD3<Int>(repeating: -1)
    for id in 0..<cellsPerCascade where densities[start + id] > threshold {
      let cell = Morton.decode(id)
      lowest = pointwiseMin(lowest, cell)
      highest = pointwiseMax(highest, cell)
    }
    guard highest.min() >= 0 else {
      throw ValueError(
        in: "VMField.shrunk", "grid", expected: "a cell denser than \(threshold)",
        actual: "without any", fix: "Update the occupancy grid before shrinking to it.")
    }
    let half = halfSize(ofCascade: cascade) / Float(resolution)
    var box = (low: SIMD3<Float>(), high: SIMD3<Float>())
    for axis in 0..<3 {
      box.low[axis] = center(ofCell: lowest[axis], cascade: cascade) - half
      box.high[axis] = center(ofCell: highest[axis], cascade: cascade) + half
    }
    return box
  }
}
