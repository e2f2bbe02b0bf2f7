// swift-tools-version: 6.2
import PackageDescription

/// Every module: Swift 6 language mode, warnings are errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
/// Modules that may not touch raw memory: all but Runtime, Numerics, Storage and Networks.
let memorySafe: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
  name: "codec",
  products: [
    .executable(name: "codec", targets: ["codec"]),
    .library(name: "Numerics", targets: ["Numerics"]),
    .library(name: "Networks", targets: ["Networks"]),
    .library(name: "Contributions", targets: ["Contributions"]),
    .library(name: "Modes", targets: ["Modes"]),
    .library(name: "VisionAdapters", targets: ["VisionAdapters"]),
    .library(name: "Retina", targets: ["Retina", "RetinaData", "Stimuli", "Storage", "Runtime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
    .package(url: "https://github.com/apple/swift-protobuf", .upToNextMinor(from: "1.39.0")),
  ],
  targets: [
    // System libraries: a module map and a shim, nothing else.
    .systemLibrary(
      name: "CBLAS", path: "Sources/CBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(
      name: "CHDF5", path: "Sources/CHDF5", pkgConfig: "hdf5-serial",
      providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CFFTW", path: "Sources/CFFTW", pkgConfig: "fftw3f",
      providers: [.apt(["libfftw3-dev"])]),
    .systemLibrary(
      name: "COneDNN", path: "Sources/COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CZip", path: "Sources/CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "CSndfile", path: "Sources/CSndfile", pkgConfig: "sndfile",
      providers: [.apt(["libsndfile1-dev"])]),
    // Hot loops that need the processor's vector instructions, dispatched at run time.
    .target(
      name: "CKernels", path: "Sources/CKernels",
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=fast"])]),

    // Made from onnx.proto by scripts/generate-onnx-schema.
    .target(
      name: "ONNXSchema",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),

    .target(name: "Runtime", dependencies: [], swiftSettings: strict),
    .target(
      name: "Numerics", dependencies: ["Runtime", "CBLAS", "CFFTW", "CKernels"],
      swiftSettings: strict),
    .target(
      name: "Storage",
      dependencies: ["Runtime", "Numerics", "CHDF5", "CCrypto", "CJPEG", "CPNG", "CZip", "CSndfile"],
      swiftSettings: strict),
    .target(name: "Stimuli", dependencies: ["Runtime", "Numerics"], swiftSettings: memorySafe),
    .target(
      name: "Networks",
      dependencies: [
        "Runtime", "Numerics", "Storage", "ONNXSchema", "CBLAS", "CFFTW", "COneDNN", "CKernels",
      ],
      swiftSettings: strict),
    .target(
      name: "Contributions",
      dependencies: ["Runtime", "Numerics", "Storage", "Stimuli", "Networks"],
      swiftSettings: memorySafe),
    .target(
      name: "Modes", dependencies: ["Runtime", "Numerics", "Storage"], swiftSettings: memorySafe),
    .target(
      name: "RetinaData", dependencies: ["Runtime", "Numerics", "Storage", "Stimuli"],
      path: "RetinaData", exclude: ["Samples"], swiftSettings: memorySafe),
    .target(
      name: "Retina",
      dependencies: [
        "Runtime", "Numerics", "Storage", "Stimuli", "Networks", "Contributions", "Modes",
        "RetinaData",
      ], swiftSettings: memorySafe),
    .target(
      name: "VisionAdapters",
      dependencies: [
        "Runtime", "Numerics", "Storage", "Stimuli", "Networks", "Contributions", "Modes",
      ], path: "VisionAdapters", swiftSettings: memorySafe),
    .target(
      name: "Figures",
      dependencies: [
        "Runtime", "Numerics", "Storage", "Contributions", "Modes", "Retina",
      ], resources: [.embedInCode("Page/Resources")], swiftSettings: memorySafe),
    .executableTarget(
      name: "codec",
      dependencies: [
        "Runtime", "Numerics", "Storage", "Stimuli", "Networks", "Contributions", "Modes",
        "RetinaData", "Retina", "VisionAdapters", "Figures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: memorySafe),

    // Fixtures and helpers shared by the test folders.
    .target(
      name: "TestSupport", dependencies: ["Runtime", "Numerics", "Storage"],
      path: "Tests/Support", swiftSettings: strict),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"], swiftSettings: strict),
    .testTarget(
      name: "NumericsTests", dependencies: ["Numerics", "CKernels", "Storage", "TestSupport"],
      swiftSettings: strict),
    // Writes a result for the tests that kill it.
    .executableTarget(
      name: "ResultWriterChild", dependencies: ["Storage", "Runtime"], path: "Tests/ResultWriterChild",
      swiftSettings: strict),
    .testTarget(
      name: "StorageTests", dependencies: ["Storage", "TestSupport", "ResultWriterChild"],
      swiftSettings: strict),
    .testTarget(
      name: "StimuliTests", dependencies: ["Stimuli", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "NetworksTests", dependencies: ["Networks", "Retina", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ContributionsTests",
      dependencies: ["Contributions", "Retina", "RetinaData", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "ModesTests", dependencies: ["Modes", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RetinaDataTests", dependencies: ["RetinaData", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RetinaTests", dependencies: ["Retina", "RetinaData", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "VisionAdaptersTests",
      dependencies: ["VisionAdapters", "Contributions", "Networks", "Storage", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "FiguresTests",
      dependencies: [
        "Figures", "Contributions", "Numerics", "Retina", "RetinaData", "Storage", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["codec", "Numerics", "RetinaData", "Storage", "TestSupport"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
