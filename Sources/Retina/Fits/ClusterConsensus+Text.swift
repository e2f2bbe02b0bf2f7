import Foundation

extension ClusterConsensus {
  /// What the profiles are called in sentences.
  private var profiles: String { name == "contributions" ? "contribution profiles" : "modes of \(name)" }

  /// What is supported as types and what is not, in plain words.
  /// - Parameter doubt: why the clusters may be something else than types, such as places; nil for no doubt.
  func sentences(doubt: String? = nil) -> [String] {
    guard let supported else {
      let agreement = zip(tried, agreement).map { "\(Self.text($0.1)) at \($0.0)" }.joined(separator: ", ")
      return [
        "\(fits) fitted networks agree on their clusters by \(profiles) with an adjusted Rand index of "
          + "\(agreement). How many types there are takes three fits or more."
      ]
    }
    guard let chosen else { return [noneSentence] }
    var head = "\(chosen) types are supported: the largest number"
    if let doubt { head = "No types are supported: \(doubt). \(chosen) is the largest number" }
    return [
      "\(head) of clusters by \(profiles) on which \(fits) fitted networks agree (\(evidence(at: chosen)))."
    ] + [clearestSentence(chosen, supported), finerSentence(beyond: chosen)].compactMap { $0 }
  }

  /// What is supported by modes, in a clause of a sentence.
  var clause: String {
    if let chosen {
      return "\(chosen) clusters of \(name) (adjusted Rand index \(Self.text(agreement(at: chosen))))"
    }
    guard let best else { return "none of \(name)" }
    return "none of \(name) (at best \(Self.text(best.agreement)), at \(best.clusters) clusters)"
  }

  private var noneSentence: String {
    let start =
      "No types are supported: \(fits) fitted networks agree on no number of clusters by \(profiles)"
    guard let best else { return start + "." }
    return start
      + " (adjusted Rand index at best \(Self.text(best.agreement)), at \(best.clusters) clusters; "
      + (best.agreement >= Self.limit
        ? "chance alone would do as well)." : "\(Self.text(Self.limit)) are needed).")
  }

  private func clearestSentence(_ chosen: Int, _ supported: [Int]) -> String? {
    guard let clearest, clearest != chosen else { return nil }
    return
      "Of the numbers agreed on (\(supported.map { "\($0)" }.joined(separator: ", "))), \(clearest) is the "
      + "clearest by silhouette (\(Self.text(silhouette(at: clearest))))."
  }

  private func finerSentence(beyond chosen: Int) -> String? {
    guard let row = tried.indices.filter({ tried[$0] > chosen }).max(by: { agreement[$0] < agreement[$1] })
    else { return nil }
    let reason =
      agreement[row] < Self.limit
      ? "below the \(Self.text(Self.limit)) needed" : "no better than cutting those clusters at random would"
    return
      "More are not supported: their agreement is at best \(Self.text(agreement[row])), at \(tried[row]) "
      + "clusters, \(reason)."
  }

  private func evidence(at clusters: Int) -> String {
    let pairs = tried.firstIndex(of: clusters).map { self.pairs[$0] } ?? []
    return "mean adjusted Rand index \(Self.text(agreement(at: clusters))), at least "
      + "\(Self.text(pairs.min() ?? .nan)) over \(pairs.count) pairs; silhouette "
      + Self.text(silhouette(at: clusters))
  }

  /// Rows of a table: agreement, then silhouettes, of 2, 3, … clusters.
  static func table(_ parts: [ClusterConsensus]) -> [String] {
    var rows = [["  by", "supported", "agreement of fits for 2, 3, … clusters"]]
    for part in parts {
      let supported = part.supported.map {
        $0.isEmpty ? "none" : $0.map { "\($0)" }.joined(separator: ", ")
      }
      rows.append([
        "  \(part.name == "contributions" ? part.name : "modes of \(part.name)")",
        supported ?? "takes three fits", part.agreement.map(text).joined(separator: " "),
      ])
    }
    return AnalysisSummary.table(rows)
  }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
