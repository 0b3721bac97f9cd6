public import Fields
public import NeRFCore

extension RadianceField {
  /// Copies the tensors that both fields have by name: PVD's inheritance between architectures.
  ///
  /// `hash` and `mlp` share `sigma_net` and `color_net`; either shares `color_net` with `vm`;
  /// `tensors` shares nothing. Fields of one type share everything.
  ///
  /// - Returns: Names of the tensors that were copied.
  /// - Throws: ``ShapeError`` if a shared name has another shape; nothing is copied then.
  @discardableResult
  public func inherit(from teacher: any RadianceField<Scalar>) throws(ShapeError) -> [String] {
    var shared: [(Parameter<Scalar>, Parameter<Scalar>)] = []
    for parameter in parameters {
      guard let source = teacher.parameter(named: parameter.name) else { continue }
      guard source.shape == parameter.shape else {
        throw ShapeError(
          in: "RadianceField.inherit", parameter.name, expected: parameter.shape,
          actual: source.shape,
          fix: "Give the student the teacher's sizes, or start it without inheritance.")
      }
      shared.append((parameter, source))
    }
    for (parameter, source) in shared { parameter.copy(from: source) }
    return shared.map(\.0.name)
  }
}

extension RadianceField {
  /// This field as the teacher of a distillation: itself, or for a `vm` field whose clamp is not the
  /// one that `compatibility` asks for, a copy with that clamp.
  func asTeacher(
    _ compatibility: CompatibilityOptions
  ) throws(ShapeError) -> any RadianceField<Scalar> {
    guard case .vm(var options) = configuration,
      options.clampsColorFeatures != compatibility.clampVMColorFeatures
    else { return self }
    options.clampsColorFeatures = compatibility.clampVMColorFeatures
    let copy = FieldConfiguration.vm(options).makeField(as: Scalar.self, frame: frame, seed: nil)
    try copy.inherit(from: self)
    return copy
  }
}
