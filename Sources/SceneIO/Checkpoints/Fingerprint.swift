public import Fields
import Foundation
public import NeRFCore
import TensorIO

/// Short texts that tell whether two inputs of a run are the same.
///
/// CRC-32 of the numbers as they lie in memory: enough to notice a mistaken folder, not a proof.
public enum Fingerprint {
  /// Of the parameters of a field.
  public static func of(_ field: any RadianceField<Float>) -> String {
    var checksum = Checksum()
    for parameter in field.parameters {
      checksum.update(UnsafeRawBufferPointer(parameter.values.elements))
    }
    return checksum.hexadecimal
  }

  /// Of the densities and bits of an occupancy grid.
  public static func of(_ grid: OccupancyGrid) -> String {
    var checksum = Checksum()
    grid.densities.withUnsafeBytes { checksum.update($0) }
    grid.bits.withUnsafeBytes { checksum.update($0) }
    return checksum.hexadecimal
  }

  /// Of the images and cameras of a data set.
  public static func of(_ dataset: SceneDataset) -> String {
    var checksum = Checksum()
    for frame in dataset.frames {
      frame.camera.pose.matrix.withUnsafeBytes { checksum.update($0) }
      let i = frame.camera.intrinsics
      [i.focalX, i.focalY, i.centerX, i.centerY].withUnsafeBytes { checksum.update($0) }
      frame.image.pixels.withUnsafeBytes { checksum.update($0) }
    }
    return checksum.hexadecimal
  }
}
