import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("Contact sheets and differences")
struct ContactSheetTests {
  @Test("images stand in their cells on white")
  func layout() throws {
    let a = try ImageBuffer(width: 2, height: 3, filledWith: [0.1, 0.2, 0.3])
    let b = try ImageBuffer(width: 4, height: 1, filledWith: [0.5, 0.5, 0.5, 0])
    let c = try ImageBuffer(width: 1, height: 2, filledWith: [0.7])
    let sheet = try ContactSheet.make(rows: [[a, b], [c]], padding: 2)
    #expect(sheet.width == 2 + 2 + 2 + 4 + 2 && sheet.height == 2 + 3 + 2 + 2 + 2)
    for row in 0..<sheet.height {
      for column in 0..<sheet.width {
        var expected: SIMD3<Float> = SIMD3(1, 1, 1)
        if (2..<4).contains(column) && (2..<5).contains(row) { expected = SIMD3(0.1, 0.2, 0.3) }
        if column == 2 && (7..<9).contains(row) { expected = SIMD3(repeating: 0.7) }
        for channel in 0..<3 {
          #expect(sheet[column: column, row: row, channel: channel] == expected[channel])
        }
      }
    }
  }

  @Test("labels are drawn over their columns and widen narrow ones")
  func labels() throws {
    let image = try ImageBuffer(width: 3, height: 3, filledWith: [0, 0, 1])
    let sheet = try ContactSheet.make(rows: [[image, image]], labels: ["LT", ""], padding: 2)
    #expect(sheet.width == 2 + 11 + 2 + 3 + 2 && sheet.height == 2 + 7 + 2 + 3 + 2)
    let ink = (0..<7).map { row in
      (0..<11).map { sheet[column: 2 + $0, row: 2 + row, channel: 2] == 0 ? "#" : "." }.joined()
    }
    #expect(
      ink == [
        "#.....#####", "#.......#..", "#.......#..", "#.......#..", "#.......#..", "#.......#..",
        "#####...#..",
      ])
  }

  @Test("every printable character has a picture of its own of 7 rows")
  func font() {
    let characters = (32...126).compactMap { Unicode.Scalar($0).map(Character.init) }
    let unknown = BitmapFont.rows(of: "é")
    var pictures: Set<[UInt8]> = [unknown]
    for character in characters {
      let rows = BitmapFont.rows(of: character)
      #expect(rows.count == 7 && rows.allSatisfy { $0 < 32 })
      #expect(pictures.insert(rows).inserted, "\(character)")
    }
  }

  @Test("sheets without images, or with other numbers of labels, are refused")
  func misfits() throws {
    let image = try ImageBuffer(width: 1, height: 1, filledWith: [0])
    #expect(throws: ShapeError.self) { try ContactSheet.make(rows: []) }
    #expect(throws: ShapeError.self) { try ContactSheet.make(rows: [[], []]) }
    #expect(throws: ShapeError.self) { try ContactSheet.make(rows: [[image]], labels: ["a", "b"]) }
    #expect(throws: ShapeError.self) { try ContactSheet.make(rows: [[image]], padding: -1) }
  }

  @Test("the difference is the gain times the distance on white, cut at one")
  func difference() throws {
    let a = try ImageBuffer(width: 1, height: 1, channels: 4, pixels: [0.5, 0, 1, 0.5])
    let b = try ImageBuffer(width: 1, height: 1, channels: 3, pixels: [0.5, 0.5, 0.875])
    // a on white is (0.75, 0.5, 1).
    #expect(try differenceImage(a, b, gain: 2).pixels == [0.5, 0, 0.25])
    #expect(try differenceImage(a, b, gain: 5).pixels == [1, 0, 0.625])
    let nan = try ImageBuffer(width: 1, height: 1, filledWith: [.nan, 0, 0])
    #expect(try differenceImage(nan, b).pixels[0].isNaN)
  }

  @Test("images of different sizes and a bad gain are refused")
  func differenceMisfits() throws {
    let a = try ImageBuffer(width: 2, height: 1, filledWith: [0])
    let b = try ImageBuffer(width: 1, height: 2, filledWith: [0])
    #expect(throws: ShapeError.self) { try differenceImage(a, b) }
    #expect(throws: ShapeError.self) { try differenceImage(a, a, gain: .nan) }
    #expect(throws: ShapeError.self) { try differenceImage(a, a, gain: -1) }
  }
}
