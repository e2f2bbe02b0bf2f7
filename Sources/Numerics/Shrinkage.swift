/// How far a covariance is pulled towards a multiple of the identity before it is inverted:
/// (1 − s) S + s · mean variance · I.
public enum Shrinkage: Sendable, Equatable, CustomStringConvertible {
  /// None where the covariance's condition number is at most `PrecisionEstimate.conditionLimit`, Ledoit–Wolf
  /// beyond.
  case automatic
  /// The sample covariance as it is.
  case none
  /// The amount of least expected squared error (Ledoit and Wolf 2004).
  case ledoitWolf
  /// A given amount, from 0 to 1.
  case value(Double)

  /// Reads `auto`, `none`, `ledoit-wolf` or a number from 0 to 1; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .automatic
    case "none": self = .none
    case "ledoit-wolf": self = .ledoitWolf
    default:
      guard let amount = Double(text), (0...1).contains(amount) else { return nil }
      self = .value(amount)
    }
  }

  /// The text that reads back as this choice.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .none: "none"
    case .ledoitWolf: "ledoit-wolf"
    case .value(let amount): "\(amount)"
    }
  }
}

extension Statistics {
  /// The Ledoit–Wolf covariance of the columns of `samples` [sample, variable] and its shrinkage.
  ///
  /// Equal to scikit-learn's `ledoit_wolf`: covariances have divisor n (Ledoit and Wolf 2004, "A
  /// well-conditioned estimator for large-dimensional covariance matrices").
  public static func ledoitWolf(_ samples: Matrix) -> (covariance: Matrix, shrinkage: Double) {
    let deviations = centred(samples)
    let (count, size) = (Double(samples.rows), Double(samples.columns))
    let sample = covariance(samples, divisor: .n)
    let squaredNorm = sample.elements.reduce(0) { $0 + $1 * $1 }
    let level = meanVariance(sample)
    let fourth = (0..<samples.rows).reduce(0.0) { sum, row in
      let square = deviations.row(row).reduce(0) { $0 + $1 * $1 }
      return sum + square * square
    }
    let distance = squaredNorm - size * level * level
    let error = min((fourth / count - squaredNorm) / count, distance)
    let amount = error > 0 ? error / distance : 0
    return (shrink(sample, by: amount), amount)
  }

  /// The mean of the diagonal.
  static func meanVariance(_ covariance: Matrix) -> Double {
    (0..<covariance.rows).reduce(0) { $0 + covariance[$1, $1] } / Double(covariance.rows)
  }

  /// (1 − `amount`) S + `amount` · mean variance · I.
  static func shrink(_ covariance: Matrix, by amount: Double) -> Matrix {
    var result = covariance
    let level = meanVariance(covariance)
    for index in result.elements.indices { result.elements[index] *= 1 - amount }
    for index in 0..<result.rows { result[index, index] += amount * level }
    return result
  }
}
