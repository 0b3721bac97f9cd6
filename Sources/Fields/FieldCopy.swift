public import NeRFCore

extension RadianceField {
  /// The same field in another precision, with parameters of its own.
  ///
  /// - Throws: ``ShapeError`` if a parameter of the configuration has another size.
  public func copy<T: RadianceScalar>(as scalar: T.Type) throws(ShapeError) -> any RadianceField<T>
  {
    let field = configuration.makeField(as: T.self, frame: frame, seed: 0)
    for (source, target) in zip(parameters, field.parameters) {
      try target.load(converted(source.exported()))
    }
    return field
  }
}

@specialized(where T == Float, U == Double)
@specialized(where T == Float, U == Float)
private func converted<T: RadianceScalar, U: RadianceScalar>(_ values: [T]) -> [U] {
  values.map { U(Double($0)) }
}
