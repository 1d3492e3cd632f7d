// swift-tools-version: 6.1
import PackageDescription

// Whole-program optimisation across the modules of the hot core: without it a generic container used
// from another module costs five times as much (Documentation/Decisions/0001-modules-and-speed.md).
let fast: [SwiftSetting] = [
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
  .enableUpcomingFeature("ExistentialAny"),
]

func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: fast)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: fast)
}

let package = Package(
  name: "Stasis",
  products: [.executable(name: "stasis", targets: ["stasis"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CLibelf", pkgConfig: "libelf", providers: [.apt(["libelf-dev"])]),
    layer("Determinism"),
    layer("RISCV", ["Determinism"]),
    layer("FiascoABI"),
    layer("FiascoKernel", ["FiascoABI", "RISCV", "Determinism"]),
    layer("FiascoMachine", ["FiascoKernel", "FiascoABI", "RISCV", "Determinism"]),
    layer("Genode", ["FiascoABI", "Determinism"]),
    layer("CheckpointRestore", ["Genode", "FiascoABI", "Determinism"]),
    layer(
      "Simulation",
      [
        "CheckpointRestore", "Genode", "FiascoMachine", "FiascoKernel", "FiascoABI", "RISCV",
        "Determinism",
      ]),
    layer("ELFFiles", ["CLibelf", "CheckpointRestore", "Genode", "FiascoABI", "Determinism"]),
    layer(
      "Scenarios",
      [
        "ELFFiles", "Simulation", "CheckpointRestore", "Genode", "FiascoMachine", "FiascoKernel",
        "FiascoABI",
        "RISCV", "Determinism",
      ]),
    layer(
      "Studies",
      [
        "Scenarios", "ELFFiles", "Simulation", "CheckpointRestore", "FiascoMachine", "FiascoABI", "Determinism",
      ]),
    layer(
      "Reports",
      [
        "Studies", "Scenarios", "ELFFiles", "Simulation", "CheckpointRestore", "Genode", "FiascoMachine",
        "FiascoKernel",
        "FiascoABI", "RISCV", "Determinism",
      ]),
    .executableTarget(
      name: "stasis",
      dependencies: [
        "Reports", "Studies", "Scenarios", "ELFFiles", "Simulation", "FiascoMachine", "Determinism",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: fast),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Scenarios", "ELFFiles", "Simulation", "CheckpointRestore", "Genode", "FiascoMachine", "FiascoKernel",
        "FiascoABI",
        "RISCV", "Determinism",
      ], exclude: ["Peers"], swiftSettings: fast),
    tests("DeterminismTests", ["Determinism"]),
    tests("RISCVTests", ["RISCV", "Determinism"], exclude: ["Vectors"]),
    tests("FiascoABITests", ["FiascoABI"]),
    tests("KernelTests", ["FiascoKernel", "FiascoMachine", "FiascoABI", "RISCV", "Determinism"]),
    tests("GenodeTests", ["Scenarios", "Genode", "Simulation", "FiascoABI", "Determinism"]),
    tests("CheckpointTests", ["CheckpointRestore", "Scenarios", "Simulation", "Genode", "FiascoABI", "Determinism"]),
    tests("ELFFilesTests", ["ELFFiles", "CheckpointRestore"]),
    tests("ScenarioTests", ["Scenarios", "Reports", "Simulation", "ELFFiles", "RISCV"]),
    tests("StudyTests", ["Studies", "Reports", "Scenarios", "Determinism"]),
    tests("CommandTests", ["Reports", "stasis"]),
    tests("TidyTests", []),
    tests("ConformanceTests", ["Scenarios", "ELFFiles", "Simulation", "FiascoMachine"]),
  ]
)
