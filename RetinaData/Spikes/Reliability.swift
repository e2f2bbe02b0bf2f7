import Numerics
import Runtime

/// How well a cell's responses to repeats of one stimulus agree: what any model of the cell could explain.
///
///     let reliability = Reliability(repeats: responses)     // [repeat, time]
///     print(reliability.splitHalfCorrelation, reliability.explainableVariance)
public struct Reliability: Sendable, Equatable, Codable {
  /// The number of repeats.
  public let repeats: Int
  /// The Pearson correlation of the averages of two halves of the repeats, averaged over ways to halve them.
  ///
  /// All ways where there are at most 200, else 100 drawn at random (seeded). NaN for fewer than two repeats or a
  /// constant response.
  public let splitHalfCorrelation: Double
  /// The variance over time that all repeats share, in squared units of the response (Sahani and Linden 2003).
  public let signalPower: Double
  /// The variance over time of a single repeat that is its own.
  public let noisePower: Double

  /// The share of a single repeat's variance that all repeats share; 1 where repeats are equal. Noise can take it
  /// below zero.
  public var explainableVariance: Double { signalPower / (signalPower + noisePower) }

  /// The highest correlation with the average over repeats that a model without noise can reach (Schoppe et al.
  /// 2016); NaN where no signal is found.
  public var correlationCeiling: Double {
    signalPower > 0 ? (signalPower / (signalPower + noisePower / Double(repeats))).squareRoot() : .nan
  }

  /// - Parameter repeats: a cell's responses, `[repeat, time]`, counts or rates.
  public init(repeats responses: Matrix) {
    repeats = responses.rows
    guard responses.rows >= 2, responses.columns >= 2 else {
      (splitHalfCorrelation, signalPower, noisePower) = (.nan, .nan, .nan)
      return
    }
    let count = Double(responses.rows)
    let single = (0..<responses.rows).map { Statistics.variance(responses.row($0), divisor: .n) }
    let total = Statistics.mean(single)
    let average = Statistics.variance(Statistics.columnMeans(responses), divisor: .n)
    signalPower = (count * average - total) / (count - 1)
    noisePower = total - signalPower
    let correlations = Self.halves(of: responses.rows).map { half in
      let rest = (0..<responses.rows).filter { !half.contains($0) }
      return Statistics.pearson(Self.average(responses, half), Self.average(responses, rest))
    }
    splitHalfCorrelation = Statistics.mean(correlations)
  }

  /// The share of the explainable variance that a prediction accounts for: 1 for all of it, 0 for as much as the
  /// mean does.
  ///
  /// 1 − (mean squared error to the average over repeats − the noise left in that average) / signal power; with one
  /// response at a time this is the "fraction of explainable variance explained" of Cadena et al. (2019).
  /// - Parameters:
  ///   - prediction: one value for each time, in the units of the responses.
  ///   - average: the responses averaged over repeats.
  public func explainedFraction(prediction: [Double], average: [Double]) -> Double {
    precondition(prediction.count == average.count)
    let squares = zip(prediction, average).map { ($0 - $1) * ($0 - $1) }
    return 1 - (Statistics.mean(squares) - noisePower / Double(repeats)) / signalPower
  }

  private static func average(_ responses: Matrix, _ rows: [Int]) -> [Double] {
    var sums = [Double](repeating: 0, count: responses.columns)
    for row in rows {
      for (column, value) in responses.row(row).enumerated() { sums[column] += value }
    }
    return sums.map { $0 / Double(rows.count) }
  }

  /// Ways to split `count` repeats into halves: the members of one of them.
  static func halves(of count: Int) -> [[Int]] {
    let size = count / 2
    // The other half of an even split is a split too: one repeat stays where it is.
    let fixed = count.isMultiple(of: 2) ? 1 : 0
    let ways = (0..<size - fixed).reduce(1.0) { $0 * Double(count - fixed - $1) / Double($1 + 1) }
    if ways.rounded() <= 200 {
      return subsets(of: Array(fixed..<count), size: size - fixed).map { Array(0..<fixed) + $0 }
    }
    var random = RandomStream(seed: 0).split("split halves")
    return (0..<100).map { _ in random.sample(size, of: count).sorted() }
  }

  private static func subsets(of members: [Int], size: Int) -> [[Int]] {
    guard size > 0 else { return [[]] }
    return members.indices.flatMap { index in
      subsets(of: Array(members[(index + 1)...]), size: size - 1).map { [members[index]] + $0 }
    }
  }
}
