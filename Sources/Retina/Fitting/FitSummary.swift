import Foundation
import Numerics
import RetinaData
import Runtime

/// How good a fitted network is, cell by cell.
public struct FitSummary: Sendable, Equatable, Codable {
  /// One cell's figures.
  public struct Cell: Sendable, Equatable, Codable {
    /// The cell's id.
    public let id: Int
    /// Pearson correlation of predicted and recorded rate over the test windows; nil where one never changes.
    public let testCorrelation: Double?
    /// Mean rates in Hz over the training windows.
    public let trainRate: Double
    /// Predicted mean rate over the training windows, in Hz.
    public let trainPredicted: Double
    /// Mean rates in Hz over the test windows.
    public let testRate: Double
    /// Predicted mean rate over the test windows, in Hz.
    public let testPredicted: Double
    /// The same, if the cell's gain adapted to the test movie: its drive with the mean and spread it has over the training
    /// movie.
    public let testAdapted: Double?
    /// Mean rates in Hz over the held-out windows, which are part of the training movie.
    public let heldOutRate: Double
    /// Predicted mean rate over the held-out windows, in Hz.
    public let heldOutPredicted: Double
    /// Poisson log-likelihood of the test windows above that of the cell's training mean, in bits a spike.
    public let bitsPerSpike: Double?
    /// Share of the test movie's explainable variance that is explained; nil without repeats.
    public let explainedShare: Double?
    /// Test correlation of the linear–nonlinear model fitted beside the network.
    public let linearCorrelation: Double?
    /// Share of the explainable variance that the linear–nonlinear model explains.
    public let linearExplainedShare: Double?
  }

  /// Epoch of the weights that were kept, and epochs in all.
  public let bestEpoch: Int
  /// Passes over the training windows.
  public let epochs: Int
  /// Mean correlation over cells of the held-out windows, single trials.
  public let heldOutCorrelation: Double
  /// The cells.
  public let cells: [Cell]

  /// Mean test correlation over the cells that have one; nil where none has.
  public var testCorrelation: Double? {
    let known = cells.compactMap(\.testCorrelation)
    return known.isEmpty ? nil : Statistics.mean(known)
  }

  /// Mean test correlation of the linear–nonlinear models.
  public var linearCorrelation: Double? {
    let known = cells.compactMap(\.linearCorrelation)
    return known.isEmpty ? nil : Statistics.mean(known)
  }

  /// A table for people.
  public var text: String {
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
    var rows = [
      [
        "cell", "test correlation", "explained", "LN correlation", "LN explained", "bits/spike", "Hz train",
        "predicted", "held out", "predicted", "test", "predicted", "adapted",
      ]
    ]
    for cell in cells {
      rows.append(
        [
          "\(cell.id)", number(cell.testCorrelation, 3), number(cell.explainedShare, 2),
          number(cell.linearCorrelation, 3), number(cell.linearExplainedShare, 2),
          number(cell.bitsPerSpike, 2),
        ]
          + [
            cell.trainRate, cell.trainPredicted, cell.heldOutRate, cell.heldOutPredicted, cell.testRate,
            cell.testPredicted, cell.testAdapted,
          ].map { number($0, 1) })
    }
    let first =
      "best weights of epoch \(bestEpoch) of \(epochs), mean test correlation \(number(testCorrelation, 3)) "
      + "(linear–nonlinear model \(number(linearCorrelation, 3)))"
    return ([first] + TextTable.lines(rows).map { "  " + $0 }).joined(separator: "\n")
  }
}
