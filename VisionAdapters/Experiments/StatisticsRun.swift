import Foundation
import Numerics
import Runtime
import Storage

/// The paper's layer statistics (Fig. 3, S7, S8, S11) from a `contributions.h5` into a `statistics.h5`.
public struct StatisticsRun: Sendable {
  /// The `schema` of the files it writes.
  public static let schema = "statistics"
  /// The version of their layout.
  public static let schemaVersion = 1

  /// What was asked for.
  public struct Options: Sendable, Codable, Equatable {
    /// Layers by name; `nil` is every layer of the file.
    public var layers: [String]?
    /// Random groupings of dimensions that attention heads are compared with.
    public var draws: Int
    /// Decides the groupings.
    public var seed: UInt64

    /// What is asked for.
    public init(layers: [String]? = nil, draws: Int = 10, seed: UInt64 = 0) {
      (self.layers, self.draws, self.seed) = (layers, draws, seed)
    }
  }

  /// What was asked for, every layer by its name.
  public let options: Options
  private let file: LabelledResult

  /// - Throws: `CodecError` where the file is no contributions file, for unknown layers and without draws.
  public init(contributions path: String, options: Options) throws {
    guard options.draws > 0 else {
      throw CodecError(.usage, "\(options.draws) random groupings", remedy: "give at least one")
    }
    file = try LabelledResult(reading: path, schema: "contributions")
    var resolved = options
    resolved.layers = try file.chosen(options.layers)
    self.options = resolved
  }

  /// Computes every layer and completes the file.
  public func write(to writer: ResultWriter, threads: Int = 1, progress: ProgressHandler? = nil) throws
    -> StatisticsSummary
  {
    let layers = options.layers ?? []
    let team = try WorkerTeam(count: min(threads, layers.count)) { _ in }
    var results: [LayerStatistics] = []
    for first in stride(from: 0, to: layers.count, by: team.count) {
      let range = first..<min(first + team.count, layers.count)
      results += try team.map(range) { [self] _, index in
        try LayerStatistics(layers[index], of: file, draws: options.draws, seed: options.seed)
      }
      progress?(ProgressReport(task: "statistics", finished: range.upperBound, total: layers.count))
    }
    try writer.write(layers, to: "/layer", axes: ["layer"])
    if let labels = file.labels {
      try writer.write(labels, shape: [labels.count], to: "/sample/label", axes: ["sample"], units: "class")
    }
    for result in results { try write(result, to: writer) }
    let summary = StatisticsSummary(results)
    try write(summary, to: writer)
    try writer.commit()
    return summary
  }

  private func write(_ layer: LayerStatistics, to writer: ResultWriter) throws {
    let group = "/layers/\(layer.layer)"
    func write(_ values: [Double], _ name: String, axis: String = "sample", units: String = "1") throws {
      try writer.write(values, shape: [values.count], to: "\(group)/\(name)", axes: [axis], units: units)
    }
    try write(layer.hoyer.contributions, "hoyer_contributions")
    try write(layer.hoyer.activations, "hoyer_activations")
    try write(layer.signCorrelation, "sign_correlation")
    if let found = layer.dimensionality {
      for (explained, name) in [
        (found.contributions.explained, "contributions"), (found.activations.explained, "activations"),
      ] {
        try write(
          explained, "explained_variance_\(name)", axis: "component", units: "cumulative share of variance")
      }
    }
    if let heads = layer.heads {
      try write(heads.learned.contributions, "head_hoyer_contributions")
      try write(heads.learned.activations, "head_hoyer_activations")
      try write(heads.random.contributions, "random_head_hoyer_contributions")
      try write(heads.random.activations, "random_head_hoyer_activations")
      try writer.setAttribute("heads", to: .integer(heads.count), of: group)
    }
    try writer.setAttribute("channels", to: .integer(layer.channels), of: group)
  }

  private func write(_ summary: StatisticsSummary, to writer: ResultWriter) throws {
    let columns: [(String, (StatisticsSummary.Layer) -> Double?)] = [
      ("hoyer_contributions", \.hoyerContributions), ("hoyer_activations", \.hoyerActivations),
      ("sign_correlation", \.signCorrelation),
      ("dimensionality_contributions", { $0.dimensionalityContributions.map(Double.init) }),
      ("dimensionality_activations", { $0.dimensionalityActivations.map(Double.init) }),
      ("participation_ratio_contributions", \.participationRatioContributions),
      ("participation_ratio_activations", \.participationRatioActivations),
      ("head_hoyer_contributions", \.headHoyerContributions),
      ("random_head_hoyer_contributions", \.randomHeadHoyerContributions),
      ("head_hoyer_activations", \.headHoyerActivations),
      ("random_head_hoyer_activations", \.randomHeadHoyerActivations),
    ]
    for (name, value) in columns where summary.layers.contains(where: { value($0) != nil }) {
      try writer.write(
        summary.layers.map { value($0) ?? .nan }, shape: [summary.layers.count], to: "/summary/\(name)",
        axes: ["layer"], units: name.hasPrefix("dimensionality") ? "components" : "1")
    }
  }
}

/// The statistics in a line for each layer: medians over samples.
public struct StatisticsSummary: Codable, Sendable, Equatable {
  /// One layer's line.
  public struct Layer: Codable, Sendable, Equatable {
    /// The layer's name.
    public let name: String
    /// Median Hoyer sparsity of net contributions over channels.
    public let hoyerContributions: Double
    /// Median Hoyer sparsity of positive activations over channels.
    public let hoyerActivations: Double
    /// Median of −corr(C⁻, C⁺) over channels.
    public let signCorrelation: Double
    /// Principal components of class averages that explain 95 % of their variance.
    public let dimensionalityContributions: Int?
    /// The same of activations.
    public let dimensionalityActivations: Int?
    /// (Σλ)²/Σλ² of class averages' covariance.
    public let participationRatioContributions: Double?
    /// The same of activations.
    public let participationRatioActivations: Double?
    /// Median Hoyer sparsity over attention heads.
    public let headHoyerContributions: Double?
    /// The same over random groups of dimensions.
    public let randomHeadHoyerContributions: Double?
    /// The same of activations.
    public let headHoyerActivations: Double?
    /// The same of activations over random groups.
    public let randomHeadHoyerActivations: Double?
  }

  /// The layers, in the network's order.
  public let layers: [Layer]

  init(_ results: [LayerStatistics]) {
    layers = results.map { result in
      Layer(
        name: result.layer, hoyerContributions: median(result.hoyer.contributions),
        hoyerActivations: median(result.hoyer.activations), signCorrelation: median(result.signCorrelation),
        dimensionalityContributions: result.dimensionality?.contributions.components,
        dimensionalityActivations: result.dimensionality?.activations.components,
        participationRatioContributions: result.dimensionality?.contributions.participationRatio,
        participationRatioActivations: result.dimensionality?.activations.participationRatio,
        headHoyerContributions: (result.heads?.learned.contributions).map(median),
        randomHeadHoyerContributions: (result.heads?.random.contributions).map(median),
        headHoyerActivations: (result.heads?.learned.activations).map(median),
        randomHeadHoyerActivations: (result.heads?.random.activations).map(median))
    }
  }

  /// The table people read.
  public var lines: [String] {
    let hasHeads = layers.contains { $0.headHoyerContributions != nil }
    var rows = [
      [
        "layer", "Hoyer C", "Hoyer act.", "E/I corr.", "95 % dims C", "act.", "part. ratio C", "act.",
      ] + (hasHeads ? ["heads C", "random heads C", "heads act.", "random heads act."] : [])
    ]
    for layer in layers {
      let numbers: [Double?] = [
        layer.hoyerContributions, layer.hoyerActivations, layer.signCorrelation,
      ]
      let heads: [Double?] = [
        layer.headHoyerContributions, layer.randomHeadHoyerContributions, layer.headHoyerActivations,
        layer.randomHeadHoyerActivations,
      ]
      rows.append(
        [layer.name] + numbers.map(shown)
          + [layer.dimensionalityContributions, layer.dimensionalityActivations].map {
            $0.map(String.init) ?? "–"
          }
          + [layer.participationRatioContributions, layer.participationRatioActivations].map(shown)
          + (hasHeads ? heads.map(shown) : []))
    }
    return TextTable.lines(rows)
  }
}

/// The median of the numbers that are defined.
func median(_ values: [Double]) -> Double { Statistics.median(values.filter { !$0.isNaN }) }

/// A number with three places; a dash for none.
func shown(_ value: Double?) -> String {
  guard let value, !value.isNaN else { return "–" }
  return String(format: "%.3f", value)
}
