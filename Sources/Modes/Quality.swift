import Numerics
import Runtime

/// How well reconstructions describe the data, in double precision; 1 is perfect, 0 is no better than a constant.
public struct ReconstructionQuality: Sendable, Equatable {
  /// R² = 1 − mean((c − ĉ)²) / mean((c − c̄)²) with one grand mean c̄ over all entries (the paper's).
  public let r2: Double
  /// The same with one mean for each feature: stricter where features differ in their mean.
  public let r2FeatureMean: Double
  /// Each feature's own R² about its own mean; NaN for a constant feature.
  public let r2PerFeature: [Double]

  /// Values read from a file.
  init(r2: Double, r2FeatureMean: Double, r2PerFeature: [Double]) {
    (self.r2, self.r2FeatureMean, self.r2PerFeature) = (r2, r2FeatureMean, r2PerFeature)
  }

  /// - Parameters:
  ///   - data: [sample][feature].
  ///   - reconstruction: of the same shape.
  init(data: [Float], reconstruction: [Float], features: Int) {
    precondition(data.count == reconstruction.count && data.count % features == 0)
    let samples = data.count / features
    var (sum, squares, error) = (
      [Double](repeating: 0, count: features), [Double](repeating: 0, count: features),
      [Double](repeating: 0, count: features)
    )
    for sample in 0..<samples {
      for feature in 0..<features {
        let value = Double(data[sample * features + feature])
        let difference = value - Double(reconstruction[sample * features + feature])
        sum[feature] += value
        squares[feature] += value * value
        error[feature] += difference * difference
      }
    }
    self.init(samples: Double(samples), sum: sum, squares: squares, error: error)
  }

  /// From each feature's sums over `samples`: of values, of their squares and of squared errors.
  init(samples: Double, sum: [Double], squares: [Double], error: [Double]) {
    let total = sum.reduce(0, +)
    let grandVariation = squares.reduce(0, +) - total * total / (samples * Double(sum.count))
    let variations = zip(sum, squares).map { sum, squares in max(0, squares - sum * sum / samples) }
    let totalError = error.reduce(0, +)
    r2 = 1 - totalError / grandVariation
    r2FeatureMean = 1 - totalError / variations.reduce(0, +)
    // A variation within rounding of the squares is that of a constant.
    r2PerFeature = zip(error, zip(variations, squares)).map { error, of in
      of.0 > 1e-12 * of.1 ? 1 - error / of.0 : .nan
    }
  }
}
