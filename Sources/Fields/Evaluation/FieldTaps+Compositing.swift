public import NeRFCore

extension FieldTaps {
  /// C of every sample, `[count, 3]`, for compositing.
  public func interleavedColors(pool: WorkerPool) -> [T] {
    let total = 3 * count
    return [T](unsafeUninitializedCapacity: total) { buffer, initialized in
      initialized = total
      guard let target = buffer.baseAddress else { return }
      pool.forEachRange(count, size: 1 << 15) { range, _ in
        interleave(
          row(TapRow.color), row(TapRow.color + 1), row(TapRow.color + 2), into: target, range)
      }
    }
  }

  /// Adds the gradients of a compositing to the σ and C rows.
  public func addCompositing(_ gradients: CompositingGradients<T>, pool: WorkerPool) {
    gradients.densities.withUnsafeBufferPointer { densities in
      gradients.colors.withUnsafeBufferPointer { colors in
        guard let densities = densities.baseAddress, let colors = colors.baseAddress else { return }
        pool.forEachRange(count, size: 1 << 15) { range, _ in
          addGradients(
            densities, colors, toDensity: row(TapRow.density), row(TapRow.color),
            row(TapRow.color + 1), row(TapRow.color + 2), range)
        }
      }
    }
  }
}

extension PixelLoss {
  /// Composites rays from the rows of `taps` and writes their gradients to those of `cotangents`.
  public func accumulate(_ rays: Range<Int>, taps: FieldTaps<T>, cotangents: FieldTaps<T>) {
    accumulate(
      rays, densities: taps.row(TapRow.density), colors: taps.row(TapRow.color),
      stride: taps.stride, densityGradients: cotangents.row(TapRow.density),
      colorGradients: cotangents.row(TapRow.color), gradientStride: cotangents.stride)
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func interleave<T: RadianceScalar>(
  _ red: UnsafePointer<T>, _ green: UnsafePointer<T>, _ blue: UnsafePointer<T>,
  into target: UnsafeMutablePointer<T>, _ range: Range<Int>
) {
  for s in range {
    target[3 * s] = red[s]
    target[3 * s + 1] = green[s]
    target[3 * s + 2] = blue[s]
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func addGradients<T: RadianceScalar>(
  _ densities: UnsafePointer<T>, _ colors: UnsafePointer<T>,
  toDensity density: UnsafeMutablePointer<T>, _ red: UnsafeMutablePointer<T>,
  _ green: UnsafeMutablePointer<T>, _ blue: UnsafeMutablePointer<T>, _ range: Range<Int>
) {
  for s in range {
    density[s] += densities[s]
    red[s] += colors[3 * s]
    green[s] += colors[3 * s + 1]
    blue[s] += colors[3 * s + 2]
  }
}
