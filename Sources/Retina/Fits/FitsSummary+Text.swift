import Foundation

extension FitsSummary {
  /// The summary as a physiologist reads it.
  public var text: String {
    let networks = "\(fits.count) \(fits.count == 1 ? "network" : "networks")"
    var lines = ["\(recording) seen through \(networks) of \(models)"]
    lines += ["", "Test correlation (predicted and recorded rate) over fits"] + correlationLines
    lines += ["", "Over fits"] + numberLines
    lines += ["", "Clusters of cells"] + clusterLines
    lines += [""] + AnalysisSummary.wrapped(conclusion)
    if !warnings.isEmpty {
      lines += ["", "Beware"] + warnings.flatMap { AnalysisSummary.wrapped($0, bullet: "! ") }
    }
    lines += ["", "Files"]
    lines += AnalysisSummary.table(
      fits.map { ["  \($0)/", "the whole analysis through this network"] } + [
        ["  agreement.h5", "agreement of clusters over fits, every number with its spread"],
        ["  summary.json", "this summary for programs"], ["  summary.txt", "this summary"],
      ])
    return lines.joined(separator: "\n") + "\n"
  }

  private var correlationLines: [String] {
    var rows = [["  cell", "mean", "SD", "range"]]
    for (cell, spread) in zip(cells, testCorrelationSpread) {
      rows.append(["  \(cell)"] + Spread.columns(spread, digits: 3))
    }
    return AnalysisSummary.table(rows)
  }

  private var numberLines: [String] {
    var rows = [["  ", "mean", "SD", "range"]]
    // One of many silhouettes is of no interest here; the file has all.
    for number in numbers where !number.name.contains("silhouette of ") {
      let size = max(abs(number.spread.largest), abs(number.spread.smallest))
      let digits = size < 0.1 ? 4 : size < 100 ? 2 : 0
      rows.append(["  \(number.name)"] + number.spread.columns(digits: digits))
    }
    return AnalysisSummary.table(rows)
  }

  private var clusterLines: [String] {
    guard let leading = consensus.first else {
      return ["  no agreement to speak of: two fits with clusters are needed"]
    }
    var lines = ClusterConsensus.table(consensus)
    if let chosen = leading.chosen, let labels = leading.labels(at: chosen) {
      lines += ClusterSummary.members(labels, of: cells, as: "\(leading.name), agreed on")
      let steadiness = leading.steadiness(at: chosen) ?? []
      let doubtful = zip(cells, steadiness).filter { $0.1 < 0.9 }
      if !doubtful.isEmpty {
        let words = doubtful.map { "\($0.0) (\(AnalysisSummary.number($0.1)))" }.joined(separator: ", ")
        lines.append("  put differently by some fits: cells \(words)")
      }
    }
    if let agreement = trueTypeAgreement {
      lines.append(
        "  agreement with the simulation's true types (adjusted Rand index) \(AnalysisSummary.number(agreement))"
      )
    }
    return lines
  }
}
