import NeRFCore

extension VMField {
  /// PVD's L1 term over the density factors: `Σᵢ (mean |Mˢᵢ| + mean |vˢᵢ|)`.
  public func densityL1(pool: WorkerPool) -> T.Sum {
    parameters[0..<6].reduce(0) { sum, parameter in
      sum + absoluteSum(parameter.values, pool: pool) / T.Sum(parameter.count)
    }
  }

  /// Adds `weight · sign(θ) / count(θ)` to the gradients of the density factors; 0 at θ = 0.
  public func accumulateDensityL1Gradient(weight: T, pool: WorkerPool) {
    for parameter in parameters[0..<6] {
      let gradient = parameter.gradient.base
      let values = parameter.values.base
      let step = weight / T(parameter.count)
      pool.forEachRange(parameter.count, size: 1 << 18) { range, _ in
        addSigns(
          values + range.lowerBound, step: step, to: gradient + range.lowerBound,
          count: range.count)
      }
    }
  }
}

/// Sum of absolute values over fixed ranges that are added in order.
private func absoluteSum<T: RadianceScalar>(
  _ buffer: AlignedBuffer<T>, pool: WorkerPool
) -> T.Sum {
  let size = 1 << 16
  let parts = AlignedBuffer<T.Sum>(count: (buffer.count + size - 1) / size, repeating: 0)
  pool.forEachRange(buffer.count, size: size) { range, _ in
    parts.base[range.lowerBound / size] = absoluteSum(
      buffer.base + range.lowerBound, count: range.count)
  }
  return parts.elements.reduce(0, +)
}

@specialized(where T == Float)
private func absoluteSum<T: RadianceScalar>(_ values: UnsafePointer<T>, count: Int) -> T.Sum {
  var sum: T.Sum = 0
  for i in 0..<count { sum += T.Sum(abs(values[i])) }
  return sum
}

@specialized(where T == Float)
private func addSigns<T: RadianceScalar>(
  _ values: UnsafePointer<T>, step: T, to gradient: UnsafeMutablePointer<T>, count: Int
) {
  for i in 0..<count {
    gradient[i] += values[i] > 0 ? step : values[i] < 0 ? -step : 0
  }
}
