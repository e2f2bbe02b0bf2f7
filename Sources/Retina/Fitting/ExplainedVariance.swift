import Numerics
import RetinaData

/// The share of a cell's explainable variance that a prediction explains, of repeats in any unit.
package enum ExplainedVariance {
  /// - Parameters:
  ///   - repeats: `[repeat][frame]`, counts or rates; they are scaled so that their mean is `meanRate`.
  ///   - predicted: rates in Hz of the same frames.
  ///   - meanRate: mean recorded rate of these frames in Hz.
  /// - Returns: nil with fewer than two repeats, or where all the variance is between repeats.
  package static func fraction(repeats: [[Double]], predicted: [Double], meanRate: Double) -> Double? {
    let mean = Statistics.mean(repeats.flatMap { $0 })
    guard repeats.count >= 2, predicted.count >= 2, mean > 0 else { return nil }
    let scaled = Matrix(
      rows: repeats.count, columns: predicted.count,
      elements: repeats.flatMap { $0.map { $0 * meanRate / mean } })
    let reliability = Reliability(repeats: scaled)
    guard reliability.signalPower > 1e-9 * reliability.noisePower else { return nil }
    return reliability.explainedFraction(prediction: predicted, average: Statistics.columnMeans(scaled))
  }
}
