import Distill
public import Foundation
import NeRFCore
import SceneIO
public import TensorIO
public import TermInspection

extension StepDump {
  /// Reads a dump that another implementation wrote as safetensors.
  ///
  /// Numbers of every floating-point and integer type are taken; names that mean nothing are kept.
  ///
  /// - Throws: `TensorFileError` if there is no such file, or if it is none of the format.
  public init(contentsOf url: URL) throws(TensorFileError) {
    let file = try TensorFile.read(contentsOf: url)
    self.init()
    for name in file.names {
      let tensor = try file.tensor(named: name, in: url.path)
      let values =
        tensor.elementType.isFloatingPoint
        ? try file.doubles(name, in: url.path)
        : try file.integers(name, in: url.path).map(Double.init)
      do throws(ShapeError) {
        tensors[name] = try Tensor(shape: tensor.shape, values: values)
      } catch {
        throw TensorFileError(
          .sizeMismatch, file: url.path, tensor: name, fact: error.description,
          fix: "Write the array again.")
      }
    }
  }
}
