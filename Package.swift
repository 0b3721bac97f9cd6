// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swift-pvd",
  products: [
    .library(name: "NeRFCore", targets: ["NeRFCore"]),
    .library(name: "Fields", targets: ["Fields"]),
    .library(name: "Distill", targets: ["Distill"]),
    .library(name: "TermInspection", targets: ["TermInspection"]),
    .library(name: "TensorIO", targets: ["TensorIO"]),
    .library(name: "SceneIO", targets: ["SceneIO"]),
    .library(name: "InspectionIO", targets: ["InspectionIO"]),
    .library(name: "GoldenKit", targets: ["GoldenKit"]),
    .library(name: "ForeignBackends", targets: ["ForeignBackends"]),
    .library(name: "ReferenceBackend", targets: ["ReferenceBackend"]),
    .library(name: "Workloads", targets: ["Workloads"]),
    .library(name: "PVDGolden", type: .dynamic, targets: ["GoldenLibrary"]),
    .executable(name: "pvd", targets: ["PVDCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    // The C library's allocator settings, which Swift's module of it leaves out.
    .systemLibrary(name: "CAllocator"),
    // System libraries. Each shim header stops the build with the name of the package to install.
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // The measured hot loops in C, compiled for several instruction sets inside one object.
    .target(
      name: "CNeRFKernels",
      exclude: [
        "kernels.inc", "kernels_dense.inc", "kernels_dense_gradient.inc", "kernels_elementary.inc",
        "kernels_hash.inc", "kernels_lanes.inc",
        "kernels_planes.inc", "kernels_planes_gradient.inc", "kernels_planes_sums.inc",
        "kernels_rays.inc", "kernels_running.inc", "kernels_volume.inc",
      ]),
    .target(
      name: "NeRFCore",
      dependencies: [
        "CNeRFKernels", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(name: "Fields", dependencies: ["NeRFCore"]),
    .target(name: "Distill", dependencies: ["NeRFCore", "Fields"]),
    .target(
      name: "TermInspection",
      dependencies: [
        "NeRFCore", "Fields", "Distill", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(name: "Workloads", dependencies: ["NeRFCore", "Fields", "Distill"]),
    .target(name: "TensorIO", dependencies: ["CZlib"]),
    .target(name: "SceneIO", dependencies: ["NeRFCore", "Fields", "Distill", "TensorIO", "CPNG"]),
    .target(
      name: "InspectionIO",
      dependencies: [
        "NeRFCore", "Fields", "Distill", "TermInspection", "TensorIO", "SceneIO",
        .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(
      name: "ErrorBounds",
      dependencies: ["NeRFCore", .product(name: "RealModule", package: "swift-numerics")]),
    .target(name: "GoldenKit", dependencies: ["TensorIO"]),
    .target(name: "CGoldenBackend"),
    .target(name: "ForeignBackends", dependencies: ["CGoldenBackend", "GoldenKit", "TensorIO"]),
    .target(
      name: "ReferenceBackend",
      dependencies: ["GoldenKit", "ErrorBounds", "NeRFCore", "Fields", "Distill"]),
    .target(
      name: "GoldenLibrary",
      dependencies: ["CGoldenBackend", "GoldenKit", "ReferenceBackend", "NeRFCore", "TensorIO"]),
    .target(
      name: "GoldenMutants",
      dependencies: [
        "GoldenKit", "TensorIO", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    // The command: what all its parts share, the parts, and the executable that lists them.
    .target(
      name: "CommandSupport",
      dependencies: [
        "NeRFCore", "Fields", "Distill", "TensorIO", "SceneIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "GoldenCommands",
      dependencies: [
        "CommandSupport", "GoldenKit", "ReferenceBackend", "ForeignBackends", "GoldenMutants",
        "TensorIO", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "RunCommands",
      dependencies: [
        "InspectionIO", "TermInspection", "SceneIO", "CommandSupport", "NeRFCore", "Fields",
        "Distill",
        "TensorIO", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "BenchCommands",
      dependencies: [
        "CommandSupport", "NeRFCore", "Fields", "Distill", "SceneIO", "Workloads",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "PVDCommand",
      dependencies: [
        "RunCommands", "BenchCommands", "GoldenCommands", "CommandSupport", "CAllocator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(
      name: "TestSupport",
      dependencies: ["NeRFCore", "Fields", "Distill", "GoldenKit", "TensorIO"],
      path: "Tests/TestSupport"),
    .testTarget(name: "NeRFCoreTests", dependencies: ["NeRFCore", "GoldenKit", "TestSupport"]),
    .testTarget(name: "FieldsTests", dependencies: ["Fields", "TestSupport"]),
    .testTarget(
      name: "DistillTests",
      dependencies: [
        "Distill", "TestSupport", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .testTarget(
      name: "TermInspectionTests",
      dependencies: [
        "NeRFCore", "Fields", "Distill", "TermInspection", "TensorIO", "SceneIO", "InspectionIO",
        "TestSupport", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .testTarget(name: "TensorIOTests", dependencies: ["TensorIO", "GoldenKit", "TestSupport"]),
    .testTarget(name: "GoldenKitTests", dependencies: ["GoldenKit", "TensorIO", "TestSupport"]),
    .testTarget(
      name: "ReferenceBackendTests",
      dependencies: [
        "ReferenceBackend", "ForeignBackends", "GoldenKit", "GoldenMutants", "TensorIO", "NeRFCore",
        "Fields", "Distill", "TermInspection", "TestSupport",
      ]),
    .testTarget(
      name: "ErrorBoundsTests",
      dependencies: [
        "ErrorBounds", "NeRFCore", "GoldenKit",
        .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .testTarget(name: "WorkloadsTests", dependencies: ["NeRFCore", "Workloads"]),
    .testTarget(name: "SceneIOTests", dependencies: ["SceneIO", "TestSupport"]),
    .testTarget(
      name: "PVDCommandTests",
      dependencies: [
        "NeRFCore", "TermInspection", "SceneIO", "InspectionIO", "PVDCommand", "TensorIO",
        "TestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
