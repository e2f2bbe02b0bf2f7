import Contributions
import Foundation
import Numerics
import Runtime

/// What the analysis of a recording found, for people (`text`) and programs (JSON).
public struct AnalysisSummary: Codable, Sendable, Equatable {
  /// One layer's modes.
  public struct Modes: Codable, Sendable, Equatable {
    /// The layer's name.
    public var layer: String
    /// Modes that are on at least once, and that never are.
    public var alive: Int
    /// Modes that never are.
    public var dead: Int
    /// Modes on in a frame, on average.
    public var onPerFrame: Double
    /// Share of the contributions' variance the modes explain, over all frames.
    public var r2: Double
    /// The same over frames the training did not see.
    public var heldOutR2: Double?
    /// What to know before trusting them.
    public var remarks: [String]
  }

  /// The covariance behind surprisal.
  public struct Statistics: Codable, Sendable, Equatable {
    /// Rank of the covariance of the model's rates.
    public var rank: Int
    /// Its condition number; nil where it is singular.
    public var conditionNumber: Double?
    /// How much it was shrunk to be inverted.
    public var shrinkage: Double
  }

  /// File names of recording and model.
  public var recording: String
  /// The model's file name.
  public var model: String
  /// The movie analysed.
  public var split: String
  /// Ids of the cells.
  public var cells: [Int]
  /// Frames with a predicted response.
  public var frames: Int
  /// Frames per second, where known.
  public var frameRate: Double?
  /// Frames a response depends on.
  public var history: Int
  /// Correlation of predicted and recorded rate of each cell; nil for a cell that never changes.
  public var testCorrelation: [Double?]
  /// Their mean.
  public var meanTestCorrelation: Double?
  /// The contributions.
  public var contributions: ContributionSummary
  /// The covariance behind the target; nil for targets that need none.
  public var statistics: Statistics?
  /// The modes of each layer.
  public var modes: [Modes]
  /// The clusters.
  public var clusters: ClusterSummary
  /// Frames whose receptive fields were computed.
  public var receptiveFieldFrames: Int
  /// True types of a simulated recording's cells, and their agreement with the clusters by contributions at the
  /// number of clusters chosen.
  public var trueTypes: [Int]?
  /// The agreement (adjusted Rand index).
  public var trueTypeAgreement: Double?
  /// What to know before trusting the results.
  public var warnings: [String]
  /// Names of the files written, and what each holds.
  public var files: [File]

  /// A file of the analysis.
  public struct File: Codable, Sendable, Equatable {
    /// Its name in the folder.
    public var name: String
    /// What it holds.
    public var holds: String
  }
}

extension AnalysisSummary {
  /// A mean correlation, an R² and a relative completeness gap worth a warning.
  static let poorCorrelation = 0.4
  static let poorR2 = 0.8
  static let largeGap = 0.05

  /// What the numbers themselves say to beware of.
  func numericalWarnings() -> [String] {
    var warnings: [String] = []
    let silent = zip(cells, testCorrelation).filter { $0.1 == nil }.map { "\($0.0)" }
    if !silent.isEmpty {
      warnings.append(
        "cells \(silent.joined(separator: ", ")) have no test correlation: a rate never changes")
    }
    if let mean = meanTestCorrelation, mean < Self.poorCorrelation {
      warnings.append(
        "the model follows the recording poorly (mean test correlation \(Self.number(mean))): what it is made of says little about these cells"
      )
    }
    if let statistics, statistics.shrinkage > 0 {
      warnings.append(
        "the covariance of the rates has rank \(statistics.rank) of \(cells.count) or is ill-conditioned and was shrunk by \(Self.number(statistics.shrinkage)): silent or duplicate cells?"
      )
    }
    for layer in contributions.layers {
      if let gap = layer.largeGap, gap > Self.largeGap {
        warnings.append(
          "\(layer.name): in 5 % of the frames contributions miss the target by more than \(Self.percent(gap)) of their sum: more --steps, or --steps auto"
        )
      }
    }
    if let open = contributions.unconverged, open > 0 {
      warnings.append("\(open) frames did not reach the tolerance of their path (/sample/converged)")
    }
    for layer in modes {
      warnings += layer.remarks.map { "\(layer.layer): \($0)" }
      if layer.remarks.isEmpty, layer.r2 < Self.poorR2 {
        warnings.append("\(layer.layer): the modes explain little (R² \(Self.number(layer.r2)))")
      }
    }
    return warnings
  }

  static func number(_ value: Double) -> String { String(format: "%.2f", value) }
  static func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
}
