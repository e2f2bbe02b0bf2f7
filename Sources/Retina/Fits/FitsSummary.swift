import Foundation
import Numerics
import Runtime
import Storage

/// What holds over the analyses of independently fitted networks, for people (`text`) and programs (JSON).
public struct FitsSummary: Codable, Sendable, Equatable {
  /// A number that every analysis reports.
  public struct Number: Codable, Sendable, Equatable {
    /// Such as "conv1: R² of modes".
    public let name: String
    /// One for each fit; nil where it has none.
    public let values: [Double?]
    /// Mean, standard deviation and range.
    public let spread: Spread
  }

  /// The recording's file name, and the movie analysed.
  public let recording: String
  /// The name of the folder of networks.
  public let models: String
  /// The movie analysed.
  public let split: String
  /// The fits' names, also those of their folders.
  public let fits: [String]
  /// Ids of the cells.
  public let cells: [Int]
  /// Correlation of predicted and recorded rate, `[fit][cell]`; nil for a cell that never changes.
  public let testCorrelation: [[Double?]]
  /// The same, its spread over fits for each cell.
  public let testCorrelationSpread: [Spread?]
  /// Every number the analyses report, in their order.
  public let numbers: [Number]
  /// Agreement of the fits' clusters, by contributions and by modes of each layer; empty for one fit.
  public let consensus: [ClusterConsensus]
  /// What is supported as types and what is not, in plain words.
  public let conclusion: String
  /// True types of a simulated recording's cells, and their agreement with the clusters agreed on.
  public let trueTypes: [Int]?
  /// The agreement (adjusted Rand index); nil where no number of clusters is agreed on.
  public let trueTypeAgreement: Double?
  /// What to know before trusting the results.
  public let warnings: [String]

  /// - Parameters:
  ///   - summaries: one for each fit.
  ///   - consensus: by contributions, where there are any, then by modes of each layer.
  ///   - confounds: of the first kind of profile, one for each fit; nil where it was not tested.
  init(
    recording: String, models: String, names: [String], summaries: [AnalysisSummary],
    consensus: [ClusterConsensus], confounds: [LocationConfound?]
  ) {
    (self.recording, self.models, self.consensus) = (recording, models, consensus)
    (split, fits, cells) = (summaries[0].split, names, summaries[0].cells)
    let correlations = summaries.map(\.testCorrelation)
    testCorrelation = correlations
    testCorrelationSpread = cells.indices.map { cell in Spread(correlations.map { $0[cell] }) }
    numbers = Self.numbers(summaries.map(\.numbers))
    trueTypes = summaries[0].trueTypes
    let agreed = consensus.first.flatMap { part in part.chosen.flatMap(part.labels(at:)) }
    trueTypeAgreement = agreed.flatMap { labels in
      summaries[0].trueTypes.map { ClusterAgreement.index(labels, $0) }
    }
    conclusion = FitsConclusion(summaries: summaries, consensus: consensus, confounds: confounds).text
    warnings = zip(names, summaries).flatMap { name, summary in summary.warnings.map { "\(name): \($0)" } }
  }

  /// The numbers of all fits side by side, in the order of the first fit that has them.
  private static func numbers(_ fits: [[ReportedNumber]]) -> [Number] {
    var names: [String] = []
    for number in fits.flatMap({ $0 }) where !names.contains(number.name) { names.append(number.name) }
    return names.compactMap { name in
      let values = fits.map { numbers in numbers.first { $0.name == name }?.value }
      return Spread(values).map { Number(name: name, values: values, spread: $0) }
    }
  }
}

/// What the fits support together, in plain words.
struct FitsConclusion {
  let summaries: [AnalysisSummary]
  let consensus: [ClusterConsensus]
  let confounds: [LocationConfound?]

  var text: String {
    guard let leading = consensus.first else { return summaries[0].clusters.conclusion }
    var sentences = leading.sentences(doubt: placeDoubt)
    if let chances { sentences.append(chances) }
    let layers = consensus.filter { $0.name != "contributions" && $0.name != leading.name }
    if leading.supported != nil, !layers.isEmpty {
      sentences.append("By modes the fits agree on " + layers.map(\.clause).joined(separator: ", ") + ".")
    }
    if confounds.allSatisfy({ $0 == nil }) {
      sentences.append("Where the receptive fields are was not tested, so clusters may be neighbourhoods.")
    }
    return sentences.joined(separator: " ")
  }

  /// That in most fits like cells are neighbours; nil otherwise.
  private var placeDoubt: String? {
    let placed = confounds.count { $0?.suggestsPlaces ?? false }
    guard 2 * placed > confounds.count else { return nil }
    return
      "in \(placed) of \(confounds.count) fits cells with like profiles are neighbours, so the clusters may be "
      + "places rather than types"
  }

  /// In how many fits the cells look more clustered than those of a single type.
  private var chances: String? {
    let parts = summaries.map { $0.clusters.contributions ?? $0.clusters.layers.first }
    let chances = parts.compactMap { $0?.chance }
    guard !chances.isEmpty else { return nil }
    let clustered = chances.count { $0 < ClusterReport.level }
    return
      "In \(clustered) of \(chances.count) fits the cells are more clustered than those of a single type would be."
  }
}
