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
    /// Poisson log-likelihood of the test windows above that of the cell's training mean, in bits a spike.
    public let bitsPerSpike: Double?
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

  /// A table for people.
  public var text: String {
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
    var rows = [
      ["cell", "test correlation", "bits/spike", "Hz train", "predicted", "Hz test", "predicted"]
    ]
    for cell in cells {
      rows.append([
        "\(cell.id)", number(cell.testCorrelation, 3), number(cell.bitsPerSpike, 2),
        number(cell.trainRate, 1),
        number(cell.trainPredicted, 1), number(cell.testRate, 1), number(cell.testPredicted, 1),
      ])
    }
    let first =
      "best weights of epoch \(bestEpoch) of \(epochs), mean test correlation \(number(testCorrelation, 3))"
    return ([first] + TextTable.lines(rows).map { "  " + $0 }).joined(separator: "\n")
  }
}

extension RetinaFit {
  /// Figures of a finished fit; test figures are those of the test split where the recording has one.
  func summary(_ state: FitState, rateScale: [Double]) throws -> FitSummary {
    let cells = data.cells
    let trained = try rates(state, of: data, rateScale)
    let all = Array(0..<data.count)
    let trainRates = (data.meanRates(all), FitData.means(trained, cells: cells, all))
    let test = try? FitData(recording.split("test"), history: history, normalisation: normalisation)
    let predicted = try test.map { try rates(state, of: $0, rateScale) }
    let (_, correlation) = try score(state.best)
    let ids = try recording.split("train").cellIDs
    return FitSummary(
      bestEpoch: state.bestEpoch, epochs: state.epoch, heldOutCorrelation: correlation,
      cells: ids.indices.map { cell in
        let figures = TestFigures(test, predicted, cell: cell, baseline: trainRates.0[cell])
        return FitSummary.Cell(
          id: ids[cell], testCorrelation: figures.correlation, trainRate: trainRates.0[cell],
          trainPredicted: trainRates.1[cell], testRate: figures.mean, testPredicted: figures.predictedMean,
          bitsPerSpike: figures.bitsPerSpike)
      })
  }

  /// Predicted rates in Hz of every window, `[window, cell]`.
  private func rates(_ state: FitState, of data: FitData, _ rateScale: [Double]) throws -> [Float] {
    let rates = try pass.predict(state.best, movie: data.movie, samples: Array(0..<data.count))
    return rates.enumerated().map { Float(Double($1) * rateScale[$0 % data.cells]) }
  }
}

/// One cell's figures over a test split.
private struct TestFigures {
  var correlation: Double?
  var mean = Double.nan
  var predictedMean = Double.nan
  var bitsPerSpike: Double?

  init(_ test: FitData?, _ predicted: [Float]?, cell: Int, baseline: Double) {
    guard let test, let predicted else { return }
    let places = stride(from: cell, to: predicted.count, by: test.cells)
    let recorded = places.map { Double(test.rates[$0]) }
    let rates = places.map { Double(predicted[$0]) }
    let pearson = Statistics.pearson(recorded, rates)
    correlation = pearson.isNaN ? nil : pearson
    (mean, predictedMean) = (Statistics.mean(recorded), Statistics.mean(rates))
    guard mean > 0, baseline > 0 else { return }
    let gain = zip(recorded, rates).reduce(0.0) { sum, pair in
      sum + pair.0 * log(max(pair.1, 1e-6) / baseline) - (pair.1 - baseline)
    }
    bitsPerSpike = gain / recorded.reduce(0, +) / log(2)
  }
}
