import Foundation
import Numerics
import Runtime
import Storage

/// What a trial gives: accuracies as shares of the unperturbed ones, by percentage.
struct PerturbationResult: Sendable {
  /// Accuracy on the target's pictures as they are.
  let target: Double
  /// Accuracy on the others'.
  let other: Double
  private(set) var targetRatios: [PerturbationWriter.Kind: [Double]] = [:]
  private(set) var otherRatios: [PerturbationWriter.Kind: [Double]] = [:]

  init(target: Double, other: Double) { (self.target, self.other) = (target, other) }

  /// Whether both sides were recognised at all: other pairs are left out (their ratios are NaN).
  var counts: Bool { target > 0 && other > 0 }

  mutating func append(_ found: (target: Double, other: Double), for kind: PerturbationWriter.Kind) {
    targetRatios[kind, default: []].append(counts ? found.target / target : .nan)
    otherRatios[kind, default: []].append(counts ? found.other / other : .nan)
  }
}

/// Lays perturbation results out as `perturb.h5`.
struct PerturbationWriter {
  /// What was done, by what choice.
  struct Kind: Hashable, Sendable {
    let perturbation: Perturbation
    let selection: ChannelSelection

    init(_ perturbation: Perturbation, _ selection: ChannelSelection) {
      (self.perturbation, self.selection) = (perturbation, selection)
    }
  }

  let writer: ResultWriter
  let options: PerturbationOptions
  let groups: [[String]]

  private var kinds: [Kind] {
    Perturbation.allCases.flatMap { perturbation in options.selections.map { Kind(perturbation, $0) } }
  }

  private static func path(_ group: [String]) -> String {
    "/layers/" + LabelledResult.group(of: group.joined(separator: "+"))
  }

  private static func path(_ group: [String], _ kind: Kind) -> String {
    "\(path(group))/\(kind.perturbation.rawValue)/\(kind.selection.rawValue)"
  }

  /// Defines every dataset and writes what is known before the first trial.
  func define(_ trials: [PerturbationTrial]) throws {
    let percentages = options.percentages
    try writer.write(
      percentages, shape: [percentages.count], to: "/percentage", axes: ["percentage"], units: "% of channels"
    )
    for (name, classes) in [("target", trials.map(\.target)), ("other", trials.map(\.other))] {
      let isSingle = classes.allSatisfy { $0.count == 1 }
      try writer.write(
        isSingle ? classes.map { $0[0] } : classes[0], shape: [isSingle ? classes.count : classes[0].count],
        to: "/trial/\(name)", axes: [isSingle ? "trial" : "class of every trial"], units: "class")
    }
    for group in groups {
      for name in ["target_accuracy", "other_accuracy"] {
        try writer.createDataset("\(Self.path(group))/\(name)", .float64, axes: ["trial"], units: "1")
      }
      for kind in kinds {
        for name in ["target_ratio", "other_ratio"] {
          try writer.createDataset(
            "\(Self.path(group, kind))/\(name)", .float64, rowShape: [percentages.count],
            axes: ["trial", "percentage"], units: "1")
        }
      }
    }
  }

  func append(_ result: PerturbationResult, group: [String]) throws {
    try writer.append([result.target], to: "\(Self.path(group))/target_accuracy")
    try writer.append([result.other], to: "\(Self.path(group))/other_accuracy")
    for kind in kinds {
      try writer.append(result.targetRatios[kind] ?? [], to: "\(Self.path(group, kind))/target_ratio")
      try writer.append(result.otherRatios[kind] ?? [], to: "\(Self.path(group, kind))/other_ratio")
    }
  }

  /// Scores of all trials, written beside them.
  func summary() throws -> PerturbationSummary {
    let width = options.percentages.count
    var lines: [PerturbationSummary.Line] = []
    for group in groups {
      for kind in kinds {
        let path = Self.path(group, kind)
        let (target, other) = (
          try writer.appended(to: "\(path)/target_ratio"), try writer.appended(to: "\(path)/other_ratio")
        )
        let score = PerturbationScore(
          target: Matrix(rows: target.count / width, columns: width, elements: target),
          other: Matrix(rows: other.count / width, columns: width, elements: other),
          percentages: options.percentages, group: options.group)
        try write(score, to: path)
        lines.append(PerturbationSummary.Line(group.joined(separator: "+"), kind, score))
      }
    }
    return PerturbationSummary(trials: options.trials, lines: lines)
  }

  private func write(_ score: PerturbationScore, to path: String) throws {
    try writer.write(
      score.groups, shape: [score.groups.count], to: "\(path)/group_score", axes: ["group of trials"],
      units: "1")
    let attributes: [(String, AttributeValue)] = [
      ("auc_target", .number(score.target)), ("auc_other", .number(score.other)),
      ("score", .number(score.score)),
      ("group_score_mean", .number(score.groupMean)), ("group_score_sem", .number(score.groupError)),
      ("trials_counted", .integer(score.counted)),
    ]
    for (name, value) in attributes { try writer.setAttribute(name, to: value, of: path) }
  }
}

/// How much more the target suffers than the others.
package struct PerturbationScore: Sendable, Equatable {
  /// Area under the target's mean ratio over percentages, divided by their range: a mean ratio.
  package let target: Double
  /// The same of the others.
  package let other: Double
  /// (target − other) / other: below 0 where the target suffers more.
  package let score: Double
  /// The score of each group of trials.
  package let groups: [Double]
  /// Trials whose pictures were recognised at all.
  package let counted: Int

  /// Mean of the groups' scores.
  var groupMean: Double { groups.isEmpty ? .nan : Statistics.mean(groups) }
  /// Standard error of that mean; NaN for fewer than two groups.
  var groupError: Double {
    groups.count < 2 ? .nan : Statistics.standardDeviation(groups) / Double(groups.count).squareRoot()
  }

  /// - Parameters:
  ///   - target: ratios `[trial, percentage]`; rows of NaN are left out.
  ///   - group: trials of one group.
  package init(target: Matrix, other: Matrix, percentages: [Double], group: Int) {
    let rows = (0..<target.rows).filter { !target[$0, 0].isNaN && !other[$0, 0].isNaN }
    func areas(_ rows: [Int]) -> (target: Double, other: Double) {
      (Self.area(target, rows, percentages), Self.area(other, rows, percentages))
    }
    let all = areas(rows)
    (self.target, self.other, counted) = (all.target, all.other, rows.count)
    score = (all.target - all.other) / all.other
    groups = stride(from: 0, to: rows.count, by: group).map { first in
      let part = areas(Array(rows[first..<min(first + group, rows.count)]))
      return (part.target - part.other) / part.other
    }.filter(\.isFinite)
  }

  /// The area under the mean of some rows by trapezoids, over the range of percentages; a single percentage's mean.
  private static func area(_ ratios: Matrix, _ rows: [Int], _ percentages: [Double]) -> Double {
    let means: [Double] = percentages.indices.map { column in Statistics.mean(rows.map { ratios[$0, column] })
    }
    guard percentages.count > 1 else { return means[0] }
    var area = 0.0
    for place in 1..<percentages.count {
      area += (percentages[place] - percentages[place - 1]) * (means[place] + means[place - 1]) / 2
    }
    return area / (percentages[percentages.count - 1] - percentages[0])
  }
}

/// The scores people read, and programs.
public struct PerturbationSummary: Codable, Sendable, Equatable {
  /// A layer, what was done, and by what choice.
  public struct Line: Codable, Sendable, Equatable {
    /// The layer, or several joined by `+`.
    public let layer: String
    /// `ablate` or `preserve`.
    public let perturbation: String
    /// How channels were chosen.
    public let selection: String
    /// Mean accuracy ratio of the target over the percentages (area under the curve over its range).
    public let target: Double
    /// The same of the others.
    public let other: Double
    /// (target − other) / other.
    public let score: Double
    /// Mean score of groups of trials.
    public let groupMean: Double
    /// Standard error of that mean.
    public let groupError: Double
    /// Trials whose pictures were recognised at all.
    public let counted: Int

    init(_ layer: String, _ kind: PerturbationWriter.Kind, _ score: PerturbationScore) {
      (self.layer, perturbation, selection) = (layer, kind.perturbation.rawValue, kind.selection.rawValue)
      (target, other, self.score) = (score.target, score.other, score.score)
      (groupMean, groupError, counted) = (score.groupMean, score.groupError, score.counted)
    }
  }

  /// Pairs of classes.
  public let trials: Int
  /// The results, by layer.
  public let lines: [Line]

  /// The table people read.
  public var text: [String] {
    var rows = [
      ["layer", "what", "channels by", "target", "others", "score", "groups' mean", "± s.e.m.", "pairs"]
    ]
    for line in lines {
      rows.append([
        line.layer, line.perturbation, line.selection, shown(line.target), shown(line.other),
        shown(line.score),
        shown(line.groupMean), shown(line.groupError), "\(line.counted)",
      ])
    }
    return TextTable.lines(rows)
  }
}
