import Foundation
import Numerics
import RetinaData
import Runtime

extension RetinaFit {
  /// Figures of a finished fit; test figures are those of the test split where the recording has one.
  func summary(_ state: FitState, rateScale: [Double], progress: ProgressHandler? = nil) throws -> FitSummary
  {
    let cells = data.cells
    let trained = try rates(state, of: data, rateScale)
    let all = Array(0..<data.count)
    let trainRates = (data.meanRates(all), FitData.means(trained, cells: cells, all))
    let test = try TestSplit(self)
    let predicted = try test.map { try rates(state, of: $0.data, rateScale) }
    let linear = try test.map { test in
      progress?(ProgressReport(task: "linear–nonlinear models", finished: 0, total: 1))
      let model = try LinearNonlinear(data, train: train, heldOut: heldOut)
      progress?(ProgressReport(task: "linear–nonlinear models", finished: 1, total: 1))
      return try model.rates(test.data)
    }
    let (_, correlation) = try score(state.best)
    let ids = try recording.split("train").cellIDs
    return FitSummary(
      bestEpoch: state.bestEpoch, epochs: state.epoch, heldOutCorrelation: correlation,
      cells: ids.indices.map { cell in
        let baseline = trainRates.0[cell]
        let figures = TestFigures(test, predicted, cell: cell, baseline: baseline)
        let linearFigures = TestFigures(test, linear, cell: cell, baseline: baseline)
        return FitSummary.Cell(
          id: ids[cell], testCorrelation: figures.correlation, trainRate: baseline,
          trainPredicted: trainRates.1[cell], testRate: figures.mean, testPredicted: figures.predictedMean,
          bitsPerSpike: figures.bitsPerSpike, explainedShare: figures.explainedShare,
          linearCorrelation: linearFigures.correlation, linearExplainedShare: linearFigures.explainedShare)
      })
  }

  /// Predicted rates in Hz of every window, `[window, cell]`.
  private func rates(_ state: FitState, of data: FitData, _ rateScale: [Double]) throws -> [Float] {
    let rates = try pass.predict(state.best, movie: data.movie, samples: Array(0..<data.count))
    return rates.enumerated().map { Float(Double($1) * rateScale[$0 % data.cells]) }
  }
}

/// The test windows, and the responses to repeats of them.
private struct TestSplit {
  let data: FitData
  /// `[cell, repeat, frame]`.
  let repeats: Tensor?

  /// Nil where the recording has no test split.
  init?(_ fit: RetinaFit) throws {
    guard let split = fit.recording.splits.first(where: { $0.splitName == "test" }) else { return nil }
    data = try FitData(split, history: fit.history, normalisation: fit.normalisation, memory: 0)
    repeats = try split.repeats()
  }

  /// A cell's responses to each repeat in the frames of the windows.
  func repeats(ofCell cell: Int) -> [[Double]] {
    guard let repeats else { return [] }
    let (count, frames) = (repeats.shape[1], repeats.shape[2])
    return (0..<count).map { row in
      data.responseFrames.map { Double(repeats.elements[(cell * count + row) * frames + $0]) }
    }
  }
}

/// One cell's figures over a test split.
private struct TestFigures {
  var correlation: Double?
  var mean = Double.nan
  var predictedMean = Double.nan
  var bitsPerSpike: Double?
  var explainedShare: Double?

  init(_ test: TestSplit?, _ predicted: [Float]?, cell: Int, baseline: Double) {
    guard let test, let predicted else { return }
    let places = stride(from: cell, to: predicted.count, by: test.data.cells)
    let recorded = places.map { Double(test.data.rates[$0]) }
    let rates = places.map { Double(predicted[$0]) }
    let pearson = Statistics.pearson(recorded, rates)
    correlation = pearson.isNaN ? nil : pearson
    (mean, predictedMean) = (Statistics.mean(recorded), Statistics.mean(rates))
    explainedShare = ExplainedVariance.fraction(
      repeats: test.repeats(ofCell: cell), predicted: rates, meanRate: mean)
    guard mean > 0, baseline > 0 else { return }
    let gain = zip(recorded, rates).reduce(0.0) { sum, pair in
      sum + pair.0 * log(max(pair.1, 1e-6) / baseline) - (pair.1 - baseline)
    }
    bitsPerSpike = gain / recorded.reduce(0, +) / log(2)
  }
}
