import RealModule

extension CameraPose {
  /// The same centre, the axes turned by R_z(yaw) R_x(roll) R_y(pitch) from the left.
  ///
  /// - Parameters: Radians; each matrix turns the axes behind its own towards each other the right-handed way.
  public func turned(roll: Double, pitch: Double, yaw: Double) -> CameraPose {
    let (cx, sx) = (Double.cos(roll), Double.sin(roll))
    let (cy, sy) = (Double.cos(pitch), Double.sin(pitch))
    let (cz, sz) = (Double.cos(yaw), Double.sin(yaw))
    let aboutX: [Double] = [1, 0, 0, 0, cx, -sx, 0, sx, cx]
    let aboutY: [Double] = [cy, 0, sy, 0, 1, 0, -sy, 0, cy]
    let aboutZ: [Double] = [cz, -sz, 0, sz, cz, 0, 0, 0, 1]
    func product(_ a: [Double], _ b: [Double]) -> [Double] {
      var result: [Double] = []
      for row in [0, 3, 6] {
        for column in 0..<3 {
          let (x, y) = (a[row] * b[column], a[row + 1] * b[3 + column])
          result.append(x + y + a[row + 2] * b[6 + column])
        }
      }
      return result
    }
    let turn = product(aboutZ, product(aboutX, aboutY))
    let places = [0, 1, 2, 4, 5, 6, 8, 9, 10]
    let turned = product(turn, places.map { matrix[$0] })
    var result = self
    for (place, value) in zip(places, turned) { result.matrix[place] = value }
    return result
  }
}
