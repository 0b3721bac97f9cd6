public import NeRFCore

extension RadianceField {
  /// The same field in another precision, with parameters of its own.
  ///
  /// - Throws: ``ShapeError`` if a parameter of the configuration has another size.
  public func copy<T: RadianceScalar>(as scalar: T.Type) throws(ShapeError) -> any RadianceField<T>
  {
    let field = configuration.makeField(as: T.self, frame: frame, seed: nil)
    for (source, target) in zip(parameters, field.parameters) {
      guard source.shape == target.shape else {
        throw ShapeError(
          in: "RadianceField.copy", source.name, expected: target.shape, actual: source.shape,
          fix: "Copy a field whose configuration describes its parameters.")
      }
      // Parameters of one name are stored in one order in every precision.
      convert(source.values.base, to: target.values.base, count: source.count)
    }
    return field
  }
}

@specialized(where T == Float, U == Double)
@specialized(where T == Float, U == Float)
@specialized(where T == Double, U == Double)
private func convert<T: RadianceScalar, U: RadianceScalar>(
  _ source: UnsafePointer<T>, to target: UnsafeMutablePointer<U>, count: Int
) {
  for i in 0..<count { target[i] = U(Double(source[i])) }
}
