import GoldenKit
import NeRFCore

/// `get_rays`: every pixel of `in.poses [B, 4, 4]`, `[B, H·W, 3]` each.
enum CameraRaysAnswer: OperationAnswer {
  static let operation = "get_rays"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let intrinsics = try call.intrinsics()
    let (width, height) = (
      try call.setting("W", in: 1...16_384), try call.setting("H", in: 1...16_384)
    )
    var origins: [T] = []
    var directions: [T] = []
    for pose in try call.poses() {
      let camera = Camera(pose: pose, intrinsics: intrinsics, width: width, height: height)
      let rays: RayBatch<T> = camera.rays()
      origins += GoldenColumns.join(rays.origins)
      directions += GoldenColumns.join(rays.directions)
    }
    var result = OperationResult(call)
    try result.set("out.rays_o", origins)
    try result.set("out.rays_d", directions)
    return result
  }
}

/// `nerf_matrix_to_ngp`: data set poses to marching axes.
enum PoseConversionAnswer: OperationAnswer {
  static let operation = "nerf_matrix_to_ngp"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let scale = try call.config.double("scale")
    var result = OperationResult(call)
    try result.set(
      "out.poses",
      try call.poses().flatMap {
        GoldenColumns.homogeneous($0.convertedFromBlender(scale: scale)).map { T($0) }
      })
    return result
  }
}

/// `pose_spherical`: `in.theta_phi_radius [N, 3]` in degrees to poses.
enum SphericalPoseAnswer: OperationAnswer {
  static let operation = "pose_spherical"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let rows: [[Double]] = try call.columns("in.theta_phi_radius", 3)
    var result = OperationResult(call)
    try result.set(
      "out.poses",
      rows[0].indices.flatMap { row in
        GoldenColumns.homogeneous(
          .spherical(azimuth: rows[0][row], elevation: rows[1][row], radius: rows[2][row])
        ).map { T($0) }
      })
    return result
  }
}

/// `near_far_from_aabb`: where rays enter and leave `in.aabb`.
enum BoxIntersectionAnswer: OperationAnswer {
  static let operation = "near_far_from_aabb"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let corners: [Double] = try call.scalars("in.aabb", count: 6)
    let rays: RayBatch<T> = try call.rays()
    let intervals = rays.intervals(
      in: AxisAlignedBox(
        lower: SIMD3(corners[0], corners[1], corners[2]),
        upper: SIMD3(corners[3], corners[4], corners[5])),
      minimumNear: T(try call.config.double("min_near")))
    var result = OperationResult(call)
    try result.set("out.nears", intervals.near)
    try result.set("out.fars", intervals.far)
    try result.set("out.hit", intervals.near.map { $0 == RayIntervals<T>.missed ? 0 : 1 })
    return result
  }
}

/// `polar_from_ray`: where rays leave a sphere, in normalised polar coordinates.
enum PolarCoordinatesAnswer: OperationAnswer {
  static let operation = "polar_from_ray"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let rays: RayBatch<T> = try call.rays()
    var result = OperationResult(call)
    try result.set(
      "out.coords",
      rays.polarCoordinates(onSphereOfRadius: T(try call.config.double("radius"))))
    return result
  }
}

/// `srgb`: both conversions of `in.x`.
enum ColorSpaceAnswer: OperationAnswer {
  static let operation = "srgb"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let x: [T] = try call.scalars("in.x")
    var result = OperationResult(call)
    try result.set("out.srgb_to_linear", x.map { ColorSpace.linear(fromSRGB: $0) })
    try result.set("out.linear_to_srgb", x.map { ColorSpace.sRGB(fromLinear: $0) })
    return result
  }
}
