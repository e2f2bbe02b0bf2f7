import Foundation

extension ClusterSummary {
  /// The clusters as a physiologist reads them, a line each.
  public var lines: [String] {
    var rows = [["  by", "clusters", "silhouette", "single type", "silhouette of 2, 3, …"]]
    let parts = (contributions.map { [$0] } ?? []) + layers
    for part in parts {
      let name = part.name == "contributions" ? part.name : "modes of \(part.name)"
      rows.append([
        "  \(name)", part.clusters == 0 ? "none" : "\(part.clusters)",
        part.silhouette.map(AnalysisSummary.number) ?? "–",
        part.chance.map { String(format: "%.3f", $0) } ?? "–",
        part.silhouettes.map(AnalysisSummary.number).joined(separator: " "),
      ])
    }
    var lines = AnalysisSummary.table(rows)
    lines.append("  single type: how often cells of one type would look as clustered")
    if let best = contributions ?? layers.first, best.clusters > 0 {
      let agreed = consensus.first { $0.name == best.name }.flatMap { $0.chosen.flatMap($0.labels(at:)) }
      lines += Self.members(
        agreed ?? best.labels, of: cells, as: agreed == nil ? best.name : "\(best.name), agreed on")
    }
    if let agreement = layerAgreement {
      lines.append(
        "  agreement of the layers' clusters by modes (adjusted Rand index) \(AnalysisSummary.number(agreement))"
      )
    }
    if !consensus.isEmpty { lines += ClusterConsensus.table(consensus) }
    return lines
  }

  /// A line of cells for each cluster.
  static func members(_ labels: [Int], of cells: [Int], as name: String) -> [String] {
    Set(labels).sorted().map { label in
      let members = zip(cells, labels).filter { $0.1 == label }.map { "\($0.0)" }.joined(separator: ", ")
      return label < 0
        ? "  without a profile: cells \(members)" : "  \(name), cluster \(label): cells \(members)"
    }
  }
}
