import Foundation

extension ClusterReport {
  /// How many types the data support.
  public enum Support: Sendable, Equatable {
    /// Too few cells to ask.
    case tooFew
    /// Nothing speaks against a single type.
    case noTypes
    /// At least this many groups; one fit cannot tell how many types.
    case atLeast(Int)
    /// This many, agreed on by independently fitted networks.
    case types(Int)
  }

  /// A chance below this counts as evidence.
  static let level = 0.05

  /// The evidence read by the clearest profiles there are: contributions, or the first layer's modes.
  private var leading: Part? { contributions ?? layers.first?.part }

  /// What the clusters support.
  public var support: Support {
    guard let leading, let best = leading.clustering.best else { return .tooFew }
    if let consensus = leading.consensus, consensus.supported != nil {
      if followsPlace(leading.confound) { return .noTypes }
      return consensus.chosen.map { .types($0) } ?? .noTypes
    }
    guard let null = leading.clustering.oneTypeNull, null.probability < Self.level else { return .noTypes }
    // A cell that stands apart alone is an outlier, not a type.
    if best.groupCount < 2 || followsPlace(leading.confound) { return .noTypes }
    return .atLeast(best.groupCount)
  }

  /// What is supported, in plain words.
  public var conclusion: String {
    var sentences = supportSentences
    if support != .tooFew { sentences += layers.compactMap(sentence) }
    if let leading, leading.confound == nil, support != .tooFew {
      sentences.append("Where the receptive fields are was not tested, so clusters may be neighbourhoods.")
    }
    return sentences.joined(separator: " ")
  }

  /// By agreement over three fits and more, else by what the first fit's profiles tell.
  private var supportSentences: [String] {
    guard let leading, let consensus = leading.consensus, support != .tooFew else {
      return [supportSentence]
    }
    guard consensus.supported != nil else { return [supportSentence] + consensus.sentences() }
    let doubt =
      followsPlace(leading.confound)
      ? "cells with like profiles are neighbours (\(Self.confoundText(leading.confound))), so the clusters may "
        + "be places rather than types" : nil
    return consensus.sentences(doubt: doubt)
  }

  private var supportSentence: String {
    guard let leading, let best = leading.clustering.best else {
      let cells = leading?.clustering.profiles.usable.count ?? cells.count
      return "Cells cannot be clustered: \(cells) with a response profile, three different ones are needed."
    }
    let profiles = contributions == nil ? "mode correlations" : "contribution profiles"
    let silhouette = "silhouette \(Self.text(best.silhouette)) at \(best.clusters) clusters"
    switch support {
    case .tooFew, .types: return ""
    case .atLeast(let number):
      return
        "At least \(number) groups of cells are supported: their \(profiles) are further apart than those of a "
        + "single type would be (\(silhouette), \(Self.chance(leading.clustering.oneTypeNull)))."
        + (fitCount > 1
          ? "" : " How many types there are one fitted network cannot tell; give three or more.")
    case .noTypes where followsPlace(leading.confound):
      return "No types are supported: cells with like \(profiles) are neighbours "
        + "(\(Self.confoundText(leading.confound))), so the clusters may be places rather than types."
    case .noTypes where best.groupCount < 2 && !best.loners.isEmpty:
      return "No types are supported: clustering by \(profiles) only sets apart single cells "
        + "(\(best.loners.map { "\(cells[$0])" }.joined(separator: ", ")); \(silhouette))."
    case .noTypes:
      return
        "No types are supported: the cells' \(profiles) cluster no better than those of a single type would "
        + "(\(silhouette), \(Self.chance(leading.clustering.oneTypeNull)))."
        + powerRemark(leading.clustering.profiles.usable.count)
    }
  }

  /// What failing to find types means for few cells.
  private func powerRemark(_ cells: Int) -> String {
    cells < 12 ? " With \(cells) cells only very different types could be told apart." : ""
  }

  /// How far to trust a layer's clusters by modes.
  private func sentence(_ layer: Layer) -> String? {
    guard let best = layer.part.clustering.best else {
      return "By modes, \(layer.name) has no clusters."
    }
    var text =
      "By modes, \(layer.name) gives \(best.clusters) clusters (silhouette \(Self.text(best.silhouette))"
    if let seeds = layer.seedAgreement {
      text += ", agreement over \(seeds.count) autoencoder seeds \(Self.text(seeds.chosen))"
    }
    text += ")"
    if followsPlace(layer.part.confound) {
      text += ", which follow where receptive fields are (\(Self.confoundText(layer.part.confound)))"
    }
    if support == .noTypes { return text + ": not evidence of types." }
    if let other = contributions?.clustering.best {
      let agreement = ClusterAgreement.index(best.labels, other.labels)
      text += "; agreement with the clusters by contributions \(Self.text(agreement))"
    }
    return text + "."
  }

  /// Whether like cells are neighbours.
  func followsPlace(_ confound: LocationConfound?) -> Bool { confound?.suggestsPlaces ?? false }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func chance(_ null: SilhouetteNull?) -> String {
    null.map { String(format: "chance %.3f", $0.probability) } ?? "not tested"
  }

  private static func confoundText(_ confound: LocationConfound?) -> String {
    guard let confound else { return "not tested" }
    return String(format: "correlation of profile and receptive-field distance %.2f", confound.correlation)
  }
}

extension ClusterReport {
  /// What a reader must know before trusting the clusters.
  public var warnings: [String] {
    var warnings: [String] = []
    func ids(_ rows: [Int]) -> String { rows.map { "\(cells[$0])" }.joined(separator: ", ") }
    if cells.count < 3 { warnings.append("only \(cells.count) cells: clusters need three") }
    if let profiles = (layers.first?.part ?? contributions)?.clustering.profiles, !profiles.silent.isEmpty {
      warnings.append(
        "cells \(ids(profiles.silent)) never change their rate and are left out of the clusters")
    }
    if let profiles = (contributions ?? layers.first?.part)?.clustering.profiles {
      for group in profiles.duplicates {
        warnings.append("cells \(ids(group)) have the same profile: the same cell twice?")
      }
    }
    for layer in layers {
      if layer.modeIDs.isEmpty {
        warnings.append("\(layer.name) has no modes: nothing to correlate cells with")
      }
      if layer.correlation.undefinedCount > 0 {
        warnings.append(
          "\(layer.correlation.undefinedCount) cell × mode correlations of \(layer.name) are undefined and count as 0"
        )
      }
    }
    if contributions == nil {
      warnings.append(
        "each cell's own contributions were not computed: clusters are by modes alone (--per-cell)")
    }
    if case .noTypes = support, let best = layers.compactMap(\.part.clustering.best).first {
      warnings.append("the \(best.clusters) clusters by modes are not supported as types")
    }
    return warnings
  }
}
