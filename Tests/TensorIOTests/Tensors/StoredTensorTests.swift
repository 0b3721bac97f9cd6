import TensorIO
import Testing

@Suite("Stored tensors")
struct StoredTensorTests {
  @Test("single precision is stored little-endian, bit by bit")
  func floatBytes() throws {
    let tensor = try StoredTensor([1, -2.5] as [Float], shape: [2])
    #expect(tensor.bytes == [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0])
    #expect(tensor.count == 2)
    #expect(try tensor.floats() == [1, -2.5])
    #expect(try tensor.doubles() == [1, -2.5])
  }

  @Test("every value keeps its bits, signed zero, NaN and subnormals included")
  func bitsSurvive() throws {
    let floats: [Float] = [
      -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, Float(nan: 5, signaling: false),
    ]
    let narrow = try StoredTensor(floats, shape: [5]).floats()
    #expect(narrow.map(\.bitPattern) == floats.map(\.bitPattern))
    let doubles: [Double] = [-0.0, .pi, .leastNonzeroMagnitude, Double(nan: 9, signaling: false)]
    let wide = try StoredTensor(doubles, shape: [2, 2]).doubles()
    #expect(wide.map(\.bitPattern) == doubles.map(\.bitPattern))
  }

  /// Known encodings of binary16: 1, −2, largest, smallest subnormal, −0, ∞.
  @Test("half precision is widened without loss")
  func half() throws {
    let halves: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8000, 0x7C00, 0x03FF, 0x0400]
    let tensor = try StoredTensor(
      elementType: .float16, shape: [8],
      bytes: halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
    let expected: [Float] = [1, -2, 65504, 0x1p-24, -0.0, .infinity, 0x1.FF8p-15, 0x1p-14]
    #expect(try tensor.floats().map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(try tensor.doubles() == expected.map(Double.init))
    let nan = try StoredTensor(elementType: .float16, shape: [], bytes: [0x01, 0x7E])
    #expect(try nan.floats()[0].isNaN)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test("every half-precision pattern agrees with the platform's own conversion")
    func allHalves() throws {
      let patterns = (0...UInt16.max).map { $0 }
      let tensor = try StoredTensor(
        elementType: .float16, shape: [65536],
        bytes: patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
      let values = try tensor.floats()
      for pattern in patterns {
        let expected = Float(Float16(bitPattern: pattern))
        let actual = values[Int(pattern)]
        #expect(actual.bitPattern == expected.bitPattern || actual.isNaN && expected.isNaN)
      }
    }
  #endif

  @Test("the upper half of a single is widened without loss")
  func brainFloat() throws {
    let tensor = try StoredTensor(
      elementType: .bfloat16, shape: [2], bytes: [0x80, 0x3F, 0x20, 0xC0])
    #expect(try tensor.floats() == [1, -2.5])
    #expect(try tensor.doubles() == [1, -2.5])
  }

  @Test("integers of every width are sign-extended, truth values are 0 or 1")
  func integers() throws {
    func integers(_ type: TensorElementType, _ count: Int, _ bytes: [UInt8]) throws -> [Int] {
      try StoredTensor(elementType: type, shape: [count], bytes: bytes).integers()
    }
    #expect(try integers(.int8, 2, [0xFF, 0x7F]) == [-1, 127])
    #expect(try integers(.uint8, 2, [0xFF, 0x7F]) == [255, 127])
    #expect(try integers(.bool, 3, [0, 1, 2]) == [0, 1, 1])
    #expect(try integers(.int16, 2, [0xFE, 0xFF, 0, 1]) == [-2, 256])
    #expect(try StoredTensor([.min, 5] as [Int32], shape: [2]).integers() == [Int(Int32.min), 5])
    #expect(try StoredTensor([.min, 5] as [Int64], shape: [2]).integers() == [.min, 5])
  }

  @Test("a lossy reading is refused")
  func refusals() throws {
    let double = try StoredTensor([1.0] as [Double], shape: [1])
    #expect(
      throws: StoredTensorError.elementType(.float64, requested: "single-precision values")
    ) { try double.floats() }
    #expect(throws: StoredTensorError.self) { try double.integers() }
    let integer = try StoredTensor([1] as [Int64], shape: [1])
    #expect(throws: StoredTensorError.self) { try integer.doubles() }
    #expect(throws: StoredTensorError.self) { try integer.floats() }
  }

  @Test(
    "a shape that does not fit the values is refused",
    arguments: [[2], [], [-3], [-1, -3], [3, Int.max, 4], [0]])
  func misfit(shape: [Int]) {
    #expect(throws: StoredTensorError.self) {
      try StoredTensor([1, 2, 3] as [Float], shape: shape)
    }
  }

  @Test("a zero extent makes a tensor empty, whatever the others are")
  func emptyShapes() {
    #expect(TensorElementType.float32.byteCount(shape: [Int.max, 0, Int.max]) == 0)
    #expect(TensorElementType.float32.byteCount(shape: [Int.max]) == nil)
    #expect(TensorElementType.float64.byteCount(shape: []) == 8)
  }
}
