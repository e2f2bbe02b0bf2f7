import Numerics

/// How well a model's rates follow the recorded ones.
public struct RateAgreement: Sendable, Equatable {
  /// Pearson correlation over time of each cell's predicted and recorded rate; NaN where one never changes.
  public let correlations: [Double]

  /// - Parameters:
  ///   - rates: the model's, `[sample, cell]`.
  ///   - recorded: the recorded ones of the same samples and cells.
  public init(rates: Matrix, recorded: Matrix) {
    precondition(rates.rows == recorded.rows && rates.columns == recorded.columns)
    correlations = (0..<rates.columns).map { cell in
      Statistics.pearson(rates.column(cell), recorded.column(cell))
    }
  }

  /// The mean over cells that have one; NaN where none has.
  public var mean: Double { Statistics.mean(correlations.filter { !$0.isNaN }) }
}
