// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "codec", path: "..")],
  targets: [
    .executableTarget(
      name: "autoencoder-benchmark",
      dependencies: [
        .product(name: "Modes", package: "codec"), .product(name: "Numerics", package: "codec"),
      ]),
    .executableTarget(
      name: "retina-benchmark",
      dependencies: [
        .product(name: "Contributions", package: "codec"), .product(name: "Networks", package: "codec"),
        .product(name: "Numerics", package: "codec"), .product(name: "Retina", package: "codec"),
      ]),
    .executableTarget(
      name: "vision-benchmark",
      dependencies: [
        .product(name: "Contributions", package: "codec"), .product(name: "Networks", package: "codec"),
        .product(name: "Numerics", package: "codec"), .product(name: "Retina", package: "codec"),
        .product(name: "VisionAdapters", package: "codec"),
      ]),
    .executableTarget(
      name: "training-benchmark",
      dependencies: [
        .product(name: "Networks", package: "codec"), .product(name: "Numerics", package: "codec"),
      ]),
  ]
)
