public import GoldenKit
public import NeRFCore

/// GoldenKit's operations answered by this library: by the code that trains and renders.
///
/// In `Float` every hot loop is the one that ``NeRFCore/FastKernels`` chooses for the machine, in
/// `Double` the plain Swift that defines it.
public struct ReferenceBackend: Backend {
  public let name = "swift-pvd"
  private let pool: WorkerPool

  /// - Parameter pool: Threads; answers do not depend on their number.
  public init(pool: WorkerPool) { self.pool = pool }

  /// The operations there are answers for, sorted.
  public static let operations: [String] = answers.keys.sorted()

  public func supports(_ operation: String) -> Bool { Self.answers[operation] != nil }

  public func run(_ call: OperationCall) async throws -> OperationResult { try answer(call) }

  /// ``run(_:)`` for callers that cannot wait asynchronously.
  public func answer(_ call: OperationCall) throws -> OperationResult {
    guard let answer = Self.answers[call.operation] else {
      throw UnsupportedSetting("\(name) does not have \(call.operation)")
    }
    return switch call.precision {
    case .float: try answer.run(call, as: Float.self, pool: pool)
    case .double: try answer.run(call, as: Double.self, pool: pool)
    }
  }

  static let answers: [String: any OperationAnswer.Type] = {
    let all: [any OperationAnswer.Type] = [
      FrequencyEncodingAnswer.self, SphericalHarmonicsAnswer.self, HashGridAnswer.self,
      TruncatedExponentialAnswer.self, FieldAnswer.self, VectorMatrixAnswer.self,
      VolumeAnswer.self, TrunkAnswer.self, VectorMatrixGridAnswer.self,
      BoxIntersectionAnswer.self, MortonAnswer.self, PackBitsAnswer.self,
      TrainingMarchAnswer.self, CompositingAnswer.self, InferenceMarchAnswer.self,
      OccupancyUpdateAnswer.self, MarkUntrainedAnswer.self, CameraRaysAnswer.self,
      PoseConversionAnswer.self, SphericalPoseAnswer.self, PolarCoordinatesAnswer.self,
      DistillationLossAnswer.self, DistillationStepAnswer.self, DistillationSequenceAnswer.self,
      AdamWAnswer.self, StructuralSimilarityAnswer.self, SignalToNoiseAnswer.self,
      ColorSpaceAnswer.self, ActiveCompositingAnswer.self, ActiveStepAnswer.self,
    ]
    return Dictionary(uniqueKeysWithValues: all.map { ($0.operation, $0) })
  }()
}

/// How one operation is answered, in any precision.
protocol OperationAnswer: Sendable {
  static var operation: String { get }
  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult
}
