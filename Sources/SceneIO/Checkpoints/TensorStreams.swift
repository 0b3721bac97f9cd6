import Fields
import NeRFCore
import TensorIO

// Elements are copied as they lie in memory: every platform this library runs on is little-endian.

extension TensorFileWriter.Entry {
  /// A tensor whose elements lie in a parameter's storage order, written in the order of its shape.
  ///
  /// Channels of a channels-last tensor are gathered a few at a time, so that writing a volume of a
  /// quarter gigabyte takes ``gatherLimit`` bytes and not a second volume.
  init(
    name: String, shape: [Int], layout: Parameter<Float>.Layout, elements: AlignedBuffer<Float>
  ) {
    self.init(name: name, elementType: .float32, shape: shape) { receive in
      guard layout == .channelsLast else {
        return try receive(UnsafeRawBufferPointer(elements.elements))
      }
      let channels = shape[1]
      let texels = elements.count / max(channels, 1)
      let group = min(channels, max(1, gatherLimit / (4 * max(texels, 1))))
      let piece = AlignedBuffer<Float>(count: group * texels, repeating: 0)
      var first = 0
      while first < channels {
        let count = min(group, channels - first)
        for texel in 0..<texels {
          for channel in 0..<count {
            piece.base[channel * texels + texel] =
              elements.base[texel * channels + first + channel]
          }
        }
        try receive(
          UnsafeRawBufferPointer(start: piece.base, count: 4 * count * texels))
        first += count
      }
    }
  }
}

private let gatherLimit = 32 << 20

extension StoredTensor {
  /// Copies `F32` elements, given in the order of the shape, into a parameter's storage.
  ///
  /// - Returns: Whether all elements are finite.
  func copyFloats(to target: AlignedBuffer<Float>, layout: Parameter<Float>.Layout) -> Bool {
    precondition(
      elementType == .float32 && count == target.count,
      "copyFloats: \(count) elements of \(elementType) into \(target.count)")
    let channels = layout == .channelsLast ? shape[1] : 1
    let texels = target.count / max(channels, 1)
    return bytes.withUnsafeBytes { source in
      // x − x is 0 for a finite number and NaN for all others; the sum stays 0 or becomes NaN.
      var anomaly: Float = 0
      var start = 0
      while start < texels {
        let end = min(texels, start + 1024)
        for channel in 0..<channels {
          for texel in start..<end {
            let value = source.loadUnaligned(
              fromByteOffset: 4 * (channel * texels + texel), as: Float.self)
            anomaly += value - value
            target.base[texel * channels + channel] = value
          }
        }
        start = end
      }
      return anomaly == 0
    }
  }
}
