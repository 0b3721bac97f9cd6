import Distill
import Fields
import NeRFCore
import TermInspection
import TestSupport
import Testing

@Suite("Samples of a dump")
struct DumpedMarchTests {
  private let pool = WorkerPool(threads: 2)
  private let field: any RadianceField<Float> = TinyFields.make(.tensors, seed: 2)
  private let settings = MarchSettings(maximumSteps: 64)

  private func rays() throws -> RayBatch<Float> {
    let camera = TinyScene.cameras[1]
    return try camera.rays(pixels: Array(stride(from: 0, to: camera.width * camera.height, by: 7)))
  }

  /// Samples and rays, as a march with `jitter` dumps them.
  private func dump(_ jitter: MarchJitter) throws -> StepDump {
    let rays = try rays()
    let march = try TinyScene.grid().march(
      rays, intervals: rays.intervals(in: AxisAlignedBox(halfSize: 1), minimumNear: 0.2),
      settings: settings, jitter: jitter, pool: pool)
    var dump = try StepInspector(teacher: field, student: field, pool: pool).dump(
      StepInput(
        stage: .volume, featureRate: 0, batch: march.samples, background: [1, 1, 1]))
    for (name, columns) in [("in.rays_o", rays.origins), ("in.rays_d", rays.directions)] {
      dump.tensors[name] = try StepDump.Tensor(
        shape: [rays.count, 3],
        values: (0..<rays.count).flatMap { ray in columns.map { Double($0[ray]) } })
    }
    return dump
  }

  private func samples(
    _ dump: StepDump, fixedJitter: Bool = false
  ) throws -> StepComparison.Quantity? {
    let comparator = StepComparator(teacher: field, student: field, pool: pool)
    comparator.compatibility.fixedMarchJitter = fixedJitter
    comparator.replay = MarchReplay(
      grid: try TinyScene.grid(), minimumNear: 0.2, settings: settings)
    let input = StepInput<Float>(
      stage: .volume, featureRate: 0,
      batch: try SampleBatch(
        positions: [[], [], []], directions: [[], [], []], deltas: [], gaps: [], spans: []),
      background: [1, 1, 1])
    return try comparator.compare(dump, with: dump.input(replacing: input)).quantities.first {
      $0.name == "in.xyzs"
    }
  }

  @Test("follow from its rays, whatever their offsets", arguments: 0..<4)
  func offsets(seed: UInt64) throws {
    let quantity = try #require(try samples(try dump(.random(seed: seed, step: 3))))
    #expect(quantity.verdict == .agrees && quantity.count > 500, "\(quantity.message)")
  }

  @Test("are recognised by the offsets of the released code, and by none")
  func conventions() throws {
    let fixed = try dump(.fixedPCG32)
    #expect(try samples(fixed)?.conventions == [.fixedMarchJitter])
    #expect(try samples(fixed, fixedJitter: true)?.verdict == .agrees)
    #expect(try samples(try dump(.none))?.conventions == [.noJitter])
  }

  @Test("differ at the ray that marches otherwise")
  func otherRay() throws {
    var dump = try dump(.random(seed: 1, step: 1))
    let rays = try #require(dump.tensors["in.rays"]?.values)
    let ray = try #require((0..<rays.count / 3).first { rays[3 * $0 + 2] > 3 })
    let row = Int(rays[3 * ray + 1]) + 2
    dump.tensors["in.xyzs"]?.values[3 * row] += 0.01
    let moved = try #require(try samples(dump))
    #expect(moved.verdict == .differs && moved.differing == 1)
    #expect(moved.worst?.row == row && moved.worst?.ray == ray)
    // One sample fewer.
    dump = try self.dump(.random(seed: 1, step: 1))
    let last = try #require((0..<rays.count / 3).last { rays[3 * $0 + 2] > 3 })
    dump.tensors["in.rays"]?.values[3 * last + 2] -= 1
    let short = try #require(try samples(dump))
    #expect(short.differing == 1 && short.worst?.ray == last)
    #expect(short.worst?.expected == rays[3 * last + 2])
  }

  @Test("leave out rays that the buffer had no room for")
  func dropped() throws {
    var dump = try dump(.none)
    let rays = try #require(dump.tensors["in.rays"]?.values)
    let last = try #require((0..<rays.count / 3).last { rays[3 * $0 + 2] > 0 })
    let rows = Int(rays[3 * last + 1]) + 1
    for name in dump.tensors.keys {
      guard let tensor = dump.tensors[name], let first = tensor.shape.first,
        first == Int(rays[3 * last + 1] + rays[3 * last + 2])
      else { continue }
      let width = tensor.values.count / first
      dump.tensors[name] = try StepDump.Tensor(
        shape: [rows] + tensor.shape.dropFirst(), values: Array(tensor.values.prefix(rows * width)))
    }
    #expect(try samples(dump)?.conventions == [.noJitter])
  }

  @Test(
    "are refused with the name of what does not fit",
    arguments: [
      "in.dirs", "in.deltas", "in.rays", "in.bg_color", "out.teacher.color_l", "in.rays:number",
      "in.rays:twice", "in.rays:nan", "in.rays:huge",
    ])
  func refusal(fault: String) throws {
    var dump = try dump(.none)
    let name = String(fault.prefix { $0 != ":" })
    if fault.hasSuffix("number") {
      dump.tensors[name]?.values[0] = 1e6
    } else if fault.hasSuffix("twice") {
      dump.tensors[name]?.values[3] = 0
    } else if fault.hasSuffix("nan") {
      dump.tensors[name]?.values[1] = .nan
    } else if fault.hasSuffix("huge") {
      // Neither traps nor allocates; the span does not fit the rows and the ray is left out.
      dump.tensors[name]?.values[1] = 9e18
      dump.tensors[name]?.values[2] = 9e18
      #expect(try samples(dump) != nil)
      return
    } else {
      dump.tensors[name] = try StepDump.Tensor(shape: [2, 2], values: [1, 2, 3, 4])
    }
    do {
      _ = try samples(dump)
      Issue.record("\(fault) was taken")
    } catch let error as ShapeError {
      #expect(error.operand == name)
    } catch let error as ValueError {
      #expect(error.operand.hasPrefix(name))
    }
  }

  @Test("are refused without their directions")
  func missing() throws {
    var dump = try dump(.none)
    dump.tensors["in.dirs"] = nil
    #expect(throws: ValueError.self) { try samples(dump) }
  }

  @Test("of shapes that no memory could hold are refused")
  func hugeShapes() {
    for shape in [[Int.max, 2], [-1], [3, 0, Int.max]] {
      #expect(throws: ShapeError.self) { try StepDump.Tensor(shape: shape, values: [1]) }
    }
  }
}
