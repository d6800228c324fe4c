// swift-tools-version: 6.3
// Fuzzing of everything that reads bytes of strangers; a package of its own because its programs
// have no `main`: libFuzzer brings it. `make fuzz` builds and runs them.
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let bstk: Target.Dependency = .product(name: "BSTK", package: "bstk")

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "bstk", path: "..")],
  targets: [
    .executableTarget(name: "FuzzContainer", dependencies: [bstk], swiftSettings: settings),
    .executableTarget(
      name: "FuzzModel", dependencies: [.product(name: "BSTKModel", package: "bstk")],
      swiftSettings: settings),
    .executableTarget(name: "FuzzTransfer", dependencies: [bstk], swiftSettings: settings),
  ]
)
