import Foundation
import Numerics
import Runtime
import Storage
import TestSupport
import Testing
import VisionAdapters

/// The layer of `pictures/expected.h5`, as a contributions file.
struct SmallContributions {
  let expected: H5File
  let path: String
  let labels: [Int]

  init(heads: Bool = false) throws {
    expected = try H5File(reading: Fixtures.path("pictures/expected.h5"))
    path = try Fixtures.temporaryFolder().appending(path: "contributions.h5").path
    labels = try expected.dataset("/layer/label").numbers()
    let writer = try ResultWriter(
      path: path,
      provenance: try Provenance(
        schema: "contributions", schemaVersion: 1, command: "test", options: ["layers": ["b/2", "a"]],
        seed: 0,
        software: "test", inputs: [String]()))
    try writer.write(labels, shape: [labels.count], to: "/sample/label", axes: ["sample"], units: "class")
    try writer.write(Tensor(shape: [labels.count, 5]), to: "/output", axes: ["sample", "unit"], units: "1")
    for layer in ["a", "b|2"] {
      for name in ["negative", "positive", "activation"] {
        try writer.write(
          try expected.dataset("/layer/\(name)").tensor(), to: "/layers/\(layer)/\(name)",
          axes: ["sample", "channel"], units: "1")
      }
      if heads {
        try writer.write(
          Tensor(shape: [labels.count, 3]), to: "/layers/\(layer)/head_negative", axes: ["sample", "head"],
          units: "1")
      }
    }
    try writer.commit()
  }

  func numbers(_ name: String) throws -> [Double] { try expected.dataset("/layer/\(name)").numbers() }
}

private func isClose(_ found: [Double], _ expected: [Double], within tolerance: Double = 1e-9) -> Bool {
  found.count == expected.count
    && zip(found, expected).allSatisfy { $0.isNaN && $1.isNaN || abs($0 - $1) < tolerance }
}

@Suite struct LayerStatisticsTests {
  @Test func statistics_equalNumPysAndScikitLearns() throws {
    let input = try SmallContributions(heads: true)
    let file = try LabelledResult(reading: input.path, schema: "contributions")
    let found = try LayerStatistics("a", of: file, draws: 4, seed: 1)
    #expect(isClose(found.hoyer.contributions, try input.numbers("hoyer_contributions")))
    // The file keeps activations in single precision.
    #expect(isClose(found.hoyer.activations, try input.numbers("hoyer_activations"), within: 1e-6))
    #expect(isClose(found.signCorrelation, try input.numbers("sign_correlation")))
    #expect(isClose(found.heads?.learned.contributions ?? [], try input.numbers("hoyer_heads")))
    let pca = try #require(found.dimensionality?.contributions)
    let explained = try input.numbers("explained_variance")
    // Averages of four classes span three dimensions: what scikit-learn adds is rounding.
    #expect(isClose(Array(pca.explained.prefix(3)), Array(explained.prefix(3)), within: 1e-6))
    #expect(pca.components == (try input.expected.attribute("components", of: "/layer")?.asInteger))
    let ratio = try #require(try input.expected.attribute("participation_ratio", of: "/layer")?.asNumber)
    #expect(abs(pca.participationRatio - ratio) < 1e-6)
  }

  @Test func randomGroups_haveNoMoreThanTheirShare() throws {
    let input = try SmallContributions(heads: true)
    let file = try LabelledResult(reading: input.path, schema: "contributions")
    let (one, same) = (
      try LayerStatistics("a", of: file, draws: 3, seed: 1),
      try LayerStatistics("a", of: file, draws: 3, seed: 1)
    )
    let other = try LayerStatistics("a", of: file, draws: 3, seed: 2)
    #expect(one.heads?.random.contributions == same.heads?.random.contributions)
    #expect(one.heads?.random.contributions != other.heads?.random.contributions)
    #expect(one.heads?.random.contributions.allSatisfy { (0...1).contains($0) } == true)
  }

  @Test func runs_keepTheNetworksOrderOfLayers() throws {
    let input = try SmallContributions()
    let out = try Fixtures.temporaryFolder().appending(path: "statistics.h5").path
    let run = try StatisticsRun(contributions: input.path, options: .init())
    let writer = try ResultWriter(
      path: out,
      provenance: try Provenance(
        schema: StatisticsRun.schema, schemaVersion: 1, command: "test", options: run.options, seed: 0,
        software: "test", inputs: [input.path]))
    let summary = try run.write(to: writer, threads: 2)
    #expect(summary.layers.map(\.name) == ["b|2", "a"])
    #expect(try H5File(reading: out).dataset("/layer").texts() == ["b|2", "a"])
    #expect(summary.lines.count == 3)
    #expect(throws: CodecError.self) {
      try StatisticsRun(contributions: input.path, options: .init(layers: ["c"]))
    }
  }

  @Test func hoyerSparsity_isBetweenItsLimitsAndBlindToScaleAndSign() {
    var random = RandomStream(seed: 3)
    for count in 2..<40 {
      let values = (0..<count).map { _ in random.normal() }
      let sparsity = Statistics.hoyerSparsity(values)
      #expect((0...1).contains(sparsity))
      #expect(abs(sparsity - Statistics.hoyerSparsity(values.map { -3.7 * $0 })) < 1e-12)
      #expect(abs(Statistics.hoyerSparsity([Double](repeating: -2, count: count))) < 1e-12)
      #expect(abs(Statistics.hoyerSparsity([5] + [Double](repeating: 0, count: count - 1)) - 1) < 1e-12)
    }
    #expect(Statistics.hoyerSparsity([0.0, 0]).isNaN && Statistics.hoyerSparsity([1.0]).isNaN)
  }
}

@Suite struct ClassSumsTests {
  @Test func correlations_equalNumPys() throws {
    let input = try SmallContributions()
    let positive = try input.expected.dataset("/layer/positive").matrix()
    var sums = ClassSums(classes: 5, columns: positive.columns)
    for (sample, label) in input.labels.enumerated() { sums.add(positive.row(sample), label: label) }
    let classes = sums.correlations(with: (0..<5).map { [$0] })
    let superclasses = sums.correlations(with: [[0, 1], [1, 2, 3], [0, 1, 2, 3, 4]])
    #expect(isClose(classes.elements, try input.numbers("class_correlation")))
    #expect(isClose(superclasses.elements, try input.numbers("superclass_correlation")))
    #expect(sums.presentClasses == [0, 1, 2, 3] && sums.presentAverages.rows == 4)
  }

  @Test func correlations_doNotSufferFromAnOffset() {
    var random = RandomStream(seed: 2)
    let values = (0..<200).map { _ in random.normal() }
    let labels = (0..<200).map { _ in random.integer(below: 3) }
    var (plain, shifted) = (ClassSums(classes: 3, columns: 1), ClassSums(classes: 3, columns: 1))
    for (value, label) in zip(values, labels) {
      plain.add([value], label: label)
      shifted.add([value + 1e6], label: label)
    }
    let sets = [[0], [1], [0, 2]]
    #expect(
      isClose(
        plain.correlations(with: sets).elements, shifted.correlations(with: sets).elements, within: 1e-7))
  }
}
