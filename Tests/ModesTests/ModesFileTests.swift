import Foundation
import Modes
import Numerics
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct ModesFileTests {
  /// A recipe that takes a moment.
  static let brief: DecompositionOptions = {
    var options = DecompositionOptions()
    options.recipe.length = .steps(count: 200, evaluateEvery: 50)
    return options
  }()

  @Test func file_givesBackWhatWasDecomposed() throws {
    let paths = try Paths()
    try paths.writeContributions()
    try decompose(paths, Self.brief)
    let file = try ModesFile(reading: paths.modes)
    #expect(file.layers == ["conv1", "conv2"])
    #expect(file.options.seed == 0 && file.options.recipe == Self.brief.recipe)
    for layer in file.layers {
      let stored = try file.layer(layer)
      let data = try FixtureData.contributions(layer)
      let expected = try Decomposition.fit(data, recipe: Self.brief.recipe, name: layer)
      let found = stored.decomposition
      #expect(found.model == expected.model)
      #expect(found.loadings == expected.loadings && found.dictionary == expected.dictionary)
      #expect(found.modeIDs == expected.modeIDs && found.scale == expected.scale)
      #expect(found.quality == expected.quality && found.meanActive == expected.meanActive)
      #expect(found.history.dropFirst() == expected.history.dropFirst())
      #expect(found.loadings(of: data) == expected.loadings)
      #expect(stored.units == "nat")
      #expect(stored.features.map(\.channel) == Array(0..<8) + Array(0..<8))
      #expect(stored.features.map(\.sign) == Array(repeating: -1, count: 8) + Array(repeating: 1, count: 8))
      #expect(try #require(stored.baselines).pca.components.last == 16)
    }
  }

  @Test func file_carriesOverWhatClusteringNeeds() throws {
    let paths = try Paths()
    try paths.writeContributions()
    var options = Self.brief
    options.layers = ["conv2"]
    options.includesBaselines = false
    try decompose(paths, options)
    let (source, file) = (try H5File(reading: paths.contributions), try H5File(reading: paths.modes))
    #expect(try file.children(of: "/layers") == ["conv2"])
    for path in [
      "/sample/index", "/sample/time", "/output", "/recorded_rate", "/statistics/mean",
      "/layers/conv2/cell_negative", "/layers/conv2/cell_positive",
    ] {
      #expect(try file.dataset(path).numbers(Double.self) == source.dataset(path).numbers(), "\(path)")
      #expect(try file.dataset(path).elementKind == source.dataset(path).elementKind, "\(path)")
      #expect(try file.attributes(of: path) == source.attributes(of: path), "\(path)")
    }
    #expect(try file.attribute("rank", of: "/statistics")?.asInteger == 9)
    #expect(try file.attribute("data", of: "/layers/conv2")?.asText == "contributions")
    #expect(try file.attribute("axes", of: "/layers/conv2/loadings")?.asTexts == ["sample", "mode"])
    #expect(!file.contains("/layers/conv2/baselines"))
  }

  @Test func finishedLayer_isNotTrainedAgain() throws {
    let (whole, broken) = (try Paths(), try Paths())
    try whole.writeContributions()
    try decompose(whole, Self.brief)
    // The second layer cannot be decomposed at first.
    try broken.writeContributions(breaking: "conv2")
    #expect(codecError { try decompose(broken, Self.brief) }?.what.hasPrefix("the data hold nan") == true)
    #expect(!FileManager.default.fileExists(atPath: broken.modes))
    try broken.writeContributions()
    let trained = Mutex<Set<String>>([])
    try decompose(broken, Self.brief, resume: true) { report in
      trained.withLock { _ = $0.insert(report.task) }
    }
    #expect(trained.withLock { $0 } == ["modes of conv2"])
    let (first, second) = (try ModesFile(reading: whole.modes), try ModesFile(reading: broken.modes))
    for layer in ["conv1", "conv2"] {
      #expect(try first.layer(layer).decomposition.model == second.layer(layer).decomposition.model)
    }
    #expect(try first.file.datasets() == second.file.datasets())
  }

  @Test func threads_doNotChangeAnything() throws {
    let (one, two) = (try Paths(), try Paths())
    for (paths, threads) in [(one, 1), (two, 2)] {
      try paths.writeContributions()
      try decompose(paths, Self.brief, threads: threads)
    }
    let (first, second) = (try H5File(reading: one.modes), try H5File(reading: two.modes))
    for path in try first.datasets() {
      let numbers = try first.dataset(path).numbers(Double.self).map(\.bitPattern)
      #expect(try second.dataset(path).numbers(Double.self).map(\.bitPattern) == numbers, "\(path)")
    }
  }

  @Test func otherData_areChosenByOptions() throws {
    let paths = try Paths()
    try paths.writeContributions()
    var options = Self.brief
    options.layers = ["conv1"]
    options.data = .activations
    try decompose(paths, options)
    var layer = try ModesFile(reading: paths.modes).layer("conv1")
    #expect(layer.features.map(\.sign) == Array(repeating: 0, count: 8))
    #expect(layer.units == "1" && layer.data == .activations && layer.decomposition.model.modes == 80)
    let positive = try Paths()
    try positive.writeContributions()
    (options.data, options.positiveOnly) = (.contributions, true)
    try decompose(positive, options)
    layer = try ModesFile(reading: positive.modes).layer("conv1")
    #expect(layer.features.map(\.sign) == Array(repeating: 1, count: 8))
  }

  @Test func noModeAlive_isAFileToo() throws {
    let paths = try Paths()
    try paths.writeContributions()
    var options = DecompositionOptions()
    options.recipe = .paper
    options.recipe.length = .epochs(count: 2)
    options.layers = ["conv1"]
    try decompose(paths, options)
    let found = try ModesFile(reading: paths.modes).layer("conv1").decomposition
    #expect(found.alive == 0 && found.loadings.shape == [880, 0] && found.dictionary.shape == [0, 16])
    #expect(found.remarks.first?.hasPrefix("no mode is alive") == true)
  }

  @Test func impossibleRequests_areRefused() throws {
    let paths = try Paths()
    try paths.writeContributions()
    var options = Self.brief
    options.layers = ["conv9"]
    #expect(
      codecError { try decompose(paths, options) }?.description
        == "unknown layer conv9 (contributions.h5): choose from conv1, conv2")
    let other = Fixtures.path("modes/expected.h5")
    #expect(codecError { _ = try DecompositionRun(contributions: other, options: Self.brief) }?.kind == .data)
    #expect(codecError { _ = try ModesFile(reading: paths.contributions) }?.kind == .data)
    #expect(codecError { _ = try TrainingRecipe.named("best") }?.kind == .usage)
  }
}

/// A folder with a contributions file and the place of its modes.
private struct Paths {
  let contributions: String
  let modes: String

  init() throws {
    let folder = try Fixtures.temporaryFolder()
    contributions = folder.appending(path: "contributions.h5").path
    modes = folder.appending(path: "modes.h5").path
  }

  /// Writes the fixture's matrices as a contributions file; `breaking` puts a NaN into a layer.
  func writeContributions(breaking broken: String? = nil) throws {
    let provenance = try Provenance(
      schema: "contributions", schemaVersion: 1, command: "", options: [String: Int](), seed: nil,
      software: "",
      inputs: [])
    let writer = try ResultWriter(path: contributions, provenance: provenance, force: true)
    try writer.write(
      (0..<880).map { $0 + 20 }, shape: [880], to: "/sample/index", axes: ["sample"], units: "frame")
    try writer.write(
      (0..<880).map { Double($0) / 100 }, shape: [880], to: "/sample/time", axes: ["sample"], units: "s")
    for path in ["/output", "/recorded_rate"] {
      try writer.write(
        Tensor(shape: [880, 9], elements: (0..<7920).map { Float($0 % 31) }), to: path,
        axes: ["sample", "cell"],
        units: "Hz", attributes: ["unit_ids": .integers(Array(0..<9))])
    }
    try writer.write(
      [Double](repeating: 3, count: 9), shape: [9], to: "/statistics/mean", axes: ["unit"], units: "Hz")
    try writer.setAttribute("rank", to: .integer(9), of: "/statistics")
    for layer in ["conv1", "conv2"] {
      var data = try FixtureData.contributions(layer)
      if layer == broken { data.elements[100] = .nan }
      let all = Matrix(data)
      for (name, columns) in [("negative", 0..<8), ("positive", 8..<16), ("activation", 4..<12)] {
        let part = all.columns(Array(columns)).elements.map { Float($0) }
        try writer.write(
          Tensor(shape: [880, 8], elements: part), to: "/layers/\(layer)/\(name)",
          axes: ["sample", "channel"],
          units: name == "activation" ? "1" : "nat")
      }
      for name in ["cell_negative", "cell_positive"] {
        try writer.write(
          Tensor(shape: [9, 8], repeating: 0.5), to: "/layers/\(layer)/\(name)", axes: ["cell", "channel"],
          units: "Hz", attributes: ["unit_ids": .integers(Array(0..<9))])
      }
    }
    try writer.commit()
  }
}

private func decompose(
  _ paths: Paths, _ options: DecompositionOptions, resume: Bool = false, threads: Int = 1,
  progress: ProgressHandler? = nil
) throws {
  let run = try DecompositionRun(contributions: paths.contributions, options: options)
  let provenance = try Provenance(
    schema: DecompositionRun.schema, schemaVersion: DecompositionRun.schemaVersion, command: "",
    options: run.options, seed: options.seed, software: "", inputs: [])
  let writer = try ResultWriter(path: paths.modes, provenance: provenance, resume: resume)
  try run.write(to: writer, threads: threads, progress: progress)
}
