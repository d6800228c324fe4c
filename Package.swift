// swift-tools-version: 6.3
// Targets stand in alphabetical order: system libraries, C, Swift libraries, the tool, tests.
// An arrow A → B means "A imports B"; the arrows below are the only ones allowed.
import PackageDescription

/// Every Swift target compiles under the same rules.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(
  name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux]))

let package = Package(
  name: "bstk",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "BSTK", targets: ["BSTK"]),
    .library(
      name: "BSTKModel",
      targets: [
        "BSTKCompression", "BSTKInference", "BSTKMemory", "BSTKModelFiles", "BSTKTokenizer",
      ]),
    .library(name: "BSTKStreaming", targets: ["BSTKStreaming"]),
    .executable(name: "bstk", targets: ["bstk"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // MARK: System libraries

    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    // Optional: without it CSentencePiece is built as a stub, and only a warning tells.
    .systemLibrary(
      name: "CSentencePieceLibrary", pkgConfig: "sentencepiece",
      providers: [.apt(["libsentencepiece-dev"]), .brew(["sentencepiece"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),

    // MARK: C

    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    // Loads OpenBLAS when something is calculated; a program that only moves models runs without.
    .target(name: "COpenBLAS"),
    .target(name: "CSentencePiece", dependencies: ["CSentencePieceLibrary"]),

    // MARK: Libraries

    .target(
      name: "BSTK",
      dependencies: ["BSTKCodec", "BSTKFormat", "BSTKStore", "BSTKTransport"],
      swiftSettings: settings),
    .target(
      name: "BSTKCodec", dependencies: ["BSTKFormat", "CZstd", crypto], swiftSettings: settings),
    .target(
      name: "BSTKCompression",
      dependencies: [
        "BSTKFormat", "BSTKInference", "BSTKModelFiles", "BSTKNumerics", "BSTKStore",
        "BSTKTokenizer", "CKernels",
      ],
      swiftSettings: settings),
    .target(name: "BSTKFormat", swiftSettings: settings),
    .target(
      name: "BSTKInference",
      dependencies: [
        "BSTKCodec", "BSTKFormat", "BSTKModelFiles", "BSTKNumerics", "BSTKStore", "BSTKTokenizer",
        "CKernels",
      ],
      swiftSettings: settings),
    .target(name: "BSTKMemory", swiftSettings: settings),
    .target(
      name: "BSTKModelFiles",
      dependencies: ["BSTKCodec", "BSTKFormat", "BSTKNumerics", "BSTKStore"],
      swiftSettings: settings),
    .target(
      name: "BSTKNumerics", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: settings),
    .target(name: "BSTKServer", swiftSettings: settings),
    .target(
      name: "BSTKStore", dependencies: ["BSTKCodec", "BSTKFormat"], swiftSettings: settings),
    .target(
      name: "BSTKStreaming",
      dependencies: [
        "BSTKCodec", "BSTKFormat", "BSTKInference", "BSTKModelFiles", "BSTKStore", "BSTKTokenizer",
        "BSTKTransport",
      ],
      swiftSettings: settings),
    .target(
      name: "BSTKTokenizer",
      dependencies: ["BSTKFormat", "BSTKModelFiles", "CSentencePiece"],
      swiftSettings: settings,
      linkerSettings: [.linkedLibrary("_FoundationICU", .when(platforms: [.linux]))]),
    .target(
      name: "BSTKTransport",
      dependencies: ["BSTKCodec", "BSTKFormat", "BSTKStore", "CCurl"],
      swiftSettings: settings),

    // MARK: The command line tool

    .executableTarget(
      name: "bstk",
      dependencies: [
        "BSTKCodec", "BSTKCompression", "BSTKFormat", "BSTKInference", "BSTKMemory",
        "BSTKModelFiles", "BSTKServer", "BSTKStore", "BSTKStreaming", "BSTKTokenizer",
        "BSTKTransport", argumentParser,
      ],
      swiftSettings: settings),

    // MARK: Tests

    .target(
      name: "BSTKTestSupport", dependencies: ["BSTKCodec", "BSTKFormat", "BSTKStore"],
      path: "Tests/BSTKTestSupport", swiftSettings: settings),
    .testTarget(
      name: "BSTKCodecTests", dependencies: ["BSTKCodec", "BSTKFormat", "BSTKTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKFormatTests", dependencies: ["BSTKFormat", "BSTKCodec", "BSTKTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKMemoryTests", dependencies: ["BSTKMemory", "BSTKTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKModelTests",
      dependencies: [
        "BSTKCodec", "BSTKCompression", "BSTKFormat", "BSTKInference", "BSTKModelFiles",
        "BSTKNumerics", "BSTKStore", "BSTKTestSupport", "BSTKTokenizer", subprocess,
      ],
      exclude: ["Resources", "Scripts"], swiftSettings: settings),
    .testTarget(
      name: "BSTKNumericsTests", dependencies: ["BSTKNumerics", "CKernels", "COpenBLAS"],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKServerTests", dependencies: ["BSTKServer", "BSTKTestSupport", subprocess],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKStoreTests",
      dependencies: ["BSTKCodec", "BSTKFormat", "BSTKStore", "BSTKTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKStreamingTests",
      dependencies: [
        "BSTKCodec", "BSTKCompression", "BSTKFormat", "BSTKInference", "BSTKModelFiles",
        "BSTKStore", "BSTKStreaming", "BSTKTestSupport", "BSTKTransport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "BSTKTransportTests",
      dependencies: [
        "BSTKCodec", "BSTKFormat", "BSTKStore", "BSTKTestSupport", "BSTKTransport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CLITests",
      dependencies: [
        "bstk", "BSTKCompression", "BSTKFormat", "BSTKInference", "BSTKModelFiles", "BSTKServer",
        "BSTKStore", "BSTKTestSupport", argumentParser, subprocess, system,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ConformanceTests",
      dependencies: ["BSTKCodec", "BSTKFormat", "BSTKStore", "BSTKTestSupport", subprocess],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)
