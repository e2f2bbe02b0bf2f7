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
      for label in Set(best.labels).sorted() {
        let members = zip(cells, best.labels).filter { $0.1 == label }.map { "\($0.0)" }.joined(
          separator: ", ")
        lines.append(
          label < 0
            ? "  without a profile: cells \(members)" : "  \(best.name), cluster \(label): cells \(members)")
      }
    }
    if let agreement = layerAgreement {
      lines.append(
        "  agreement of the layers' clusters by modes (adjusted Rand index) \(AnalysisSummary.number(agreement))"
      )
    }
    return lines
  }
}
