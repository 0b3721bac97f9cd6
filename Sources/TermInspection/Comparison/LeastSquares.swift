/// The coefficients c that minimise ‖Σ cⱼ aⱼ − b‖₂, or nil if the columns do not determine them.
///
/// Normal equations of columns scaled to length 1, by Cholesky's method: for a handful of columns, whose
/// angles are what matters. A column of zeros gets the coefficient 0.
func leastSquares(_ columns: [[Double]], _ target: [Double]) -> [Double]? {
  let lengths = columns.map { distance($0, nil) }
  let used = columns.indices.filter { lengths[$0] > 0 }
  func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  let n = used.count
  guard n > 0 else { return nil }
  var matrix = used.map { i in
    used.map { j in dot(columns[i], columns[j]) / (lengths[i] * lengths[j]) }
  }
  var solution = used.map { dot(columns[$0], target) / lengths[$0] }
  for k in 0..<n {
    let pivot = matrix[k][k]
    // Below this, columns are parallel as far as double precision can tell.
    guard pivot > 1e-12 else { return nil }
    let root = pivot.squareRoot()
    for i in k..<n { matrix[i][k] /= root }
    for i in k + 1..<n {
      for j in k + 1...i { matrix[i][j] -= matrix[i][k] * matrix[j][k] }
    }
  }
  for i in 0..<n {
    for j in 0..<i { solution[i] -= matrix[i][j] * solution[j] }
    solution[i] /= matrix[i][i]
  }
  for i in (0..<n).reversed() {
    for j in i + 1..<max(n, i + 1) { solution[i] -= matrix[j][i] * solution[j] }
    solution[i] /= matrix[i][i]
  }
  var result = [Double](repeating: 0, count: columns.count)
  for (place, column) in used.enumerated() { result[column] = solution[place] / lengths[column] }
  return result.allSatisfy(\.isFinite) ? result : nil
}
