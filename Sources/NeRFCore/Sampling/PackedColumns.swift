/// Makes several arrays of one length and lets `body` write all of their elements.
///
/// Saves the pass that would set millions of elements to zero first. `body` must initialise every
/// element of every column.
func makeColumns<Element: BitwiseCopyable>(
  _ columns: Int, count: Int, _ body: ([UnsafeMutablePointer<Element>]) -> Void
) -> [[Element]] {
  func make(_ pointers: [UnsafeMutablePointer<Element>]) -> [[Element]] {
    guard pointers.count < columns else {
      body(pointers)
      return []
    }
    var rest: [[Element]] = []
    let column = [Element](unsafeUninitializedCapacity: max(1, count)) { buffer, initialised in
      guard let base = buffer.baseAddress else {
        preconditionFailure("makeColumns: no memory for \(count) elements")
      }
      rest = make(pointers + [base])
      initialised = count
    }
    return [column] + rest
  }
  return make([])
}
