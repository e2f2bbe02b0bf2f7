import Contributions
import Foundation
import Modes
import Numerics
import Runtime
import Storage

extension RetinaAnalysis {
  /// Reads what the result files say.
  func summarise() throws -> AnalysisSummary {
    let contributions = try ContributionFile(reading: path(.contributions))
    let clusters = try ClusterFile(reading: path(.clusters)).summary()
    let correlations = try testCorrelations(contributions)
    let defined = correlations.compactMap { $0 }
    let agreement = agreementWithTruth(clusters)
    var summary = AnalysisSummary(
      recording: input.split.name, model: URL(filePath: source.model).lastPathComponent,
      split: options.split, cells: input.model.unitIDs, frames: contributions.sampleCount,
      frameRate: input.split.frameRate ?? input.model.preprocessing.frameRate,
      history: input.model.preprocessing.history, testCorrelation: correlations,
      meanTestCorrelation: defined.isEmpty ? nil : Numerics.Statistics.mean(defined),
      contributions: try contributions.summary(), statistics: try statistics(contributions.file),
      modes: try modes(), clusters: clusters,
      receptiveFieldFrames: try H5File(reading: path(.receptiveFields)).dataset("/frame", rank: 1).rows,
      trueTypes: trueTypes, trueTypeAgreement: agreement, warnings: [],
      files: ResultName.allCases.map { AnalysisSummary.File(name: $0.rawValue, holds: $0.holds) })
    summary.warnings = summary.numericalWarnings() + clusters.warnings
    return summary
  }

  private func testCorrelations(_ file: ContributionFile) throws -> [Double?] {
    guard let recorded = try file.recordedRates() else { return input.model.unitIDs.map { _ in nil } }
    return RateAgreement(rates: try file.output(), recorded: recorded).correlations.map {
      $0.isNaN ? nil : $0
    }
  }

  private func statistics(_ file: H5File) throws -> AnalysisSummary.Statistics? {
    guard file.contains("/statistics"),
      let rank = try file.attribute("rank", of: "/statistics")?.asInteger,
      let condition = try file.attribute("condition_number", of: "/statistics")?.asNumber,
      let shrinkage = try file.attribute("shrinkage", of: "/statistics")?.asNumber
    else { return nil }
    return AnalysisSummary.Statistics(
      rank: rank, conditionNumber: condition.isFinite ? condition : nil, shrinkage: shrinkage)
  }

  private func modes() throws -> [AnalysisSummary.Modes] {
    let file = try ModesFile(reading: path(.modes))
    return try file.layers.map { layer in
      let found = try file.layer(layer).decomposition
      return AnalysisSummary.Modes(
        layer: layer, alive: found.alive, dead: found.dead, onPerFrame: found.meanActive,
        r2: found.quality.r2,
        heldOutR2: found.heldOutR2.isFinite ? found.heldOutR2 : nil, remarks: found.remarks)
    }
  }

  /// The adjusted Rand index of the clusters by contributions (else by the first layer's modes) with a simulation's
  /// truth.
  private func agreementWithTruth(_ clusters: ClusterSummary) -> Double? {
    guard let trueTypes, let part = clusters.contributions ?? clusters.layers.first, part.clusters > 0 else {
      return nil
    }
    return ClusterAgreement.index(part.labels, trueTypes)
  }
}

extension AnalysisSummary {
  /// Writes the summary for programs and for people.
  func write(json: String, text: String) throws {
    try SummaryFiles.write(self, words: self.text, json: json, text: text)
  }
}
