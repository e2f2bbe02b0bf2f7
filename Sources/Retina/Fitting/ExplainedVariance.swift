import Numerics

/// The share of a cell's explainable variance that a prediction explains: 1 where it misses nothing but what differs
/// between repeats of the same movie (Cadena et al. 2019).
enum ExplainedVariance {
  /// - Parameters:
  ///   - repeats: `[repeat][frame]`, counts or rates; they are scaled so that their mean is `meanRate`.
  ///   - predicted: rates in Hz of the same frames.
  ///   - meanRate: mean recorded rate of these frames in Hz.
  /// - Returns: nil with fewer than two repeats, or where all the variance is between repeats.
  static func fraction(repeats: [[Double]], predicted: [Double], meanRate: Double) -> Double? {
    let (count, frames) = (repeats.count, predicted.count)
    let mean = Statistics.mean(repeats.flatMap { $0 })
    guard count >= 2, frames >= 2, mean > 0 else { return nil }
    let scaled = repeats.map { $0.map { $0 * meanRate / mean } }
    let noise = Statistics.mean((0..<frames).map { frame in Statistics.variance(scaled.map { $0[frame] }) })
    let total = Statistics.variance(scaled.flatMap { $0 })
    guard total - noise > 1e-9 * total else { return nil }
    let errors = scaled.flatMap { row in zip(row, predicted).map { ($0 - $1) * ($0 - $1) } }
    return 1 - (Statistics.mean(errors) - noise) / (total - noise)
  }
}
