import CKernels
import Foundation

/// What training makes small.
public enum TrainingLoss: String, Sendable, Equatable, Codable, CaseIterable {
  /// Minus the log-likelihood of Poisson counts, but for what does not depend on the network.
  case poisson
  /// The mean squared error.
  case squared

  /// Added to rates inside the logarithm.
  static let floor: Float = 1e-6

  /// The mean loss of predictions.
  public func mean(of rates: [Float], targets: [Float]) -> Double {
    var slopes = rates
    return evaluate(rates.count, output: rates, target: targets, slopes: &slopes)
  }

  /// The mean loss over all numbers, and its slopes for each output.
  func evaluate(
    _ count: Int, output: UnsafePointer<Float>, target: UnsafePointer<Float>,
    slopes: UnsafeMutablePointer<Float>
  ) -> Double {
    let share = 1 / Float(count)
    var sum = 0.0
    for index in 0..<count {
      let (rate, wanted) = (output[index], target[index])
      switch self {
      case .poisson:
        sum += Double(rate - wanted * log(rate + Self.floor))
        slopes[index] = share * (1 - wanted / (rate + Self.floor))
      case .squared:
        sum += Double((rate - wanted) * (rate - wanted))
        slopes[index] = 2 * share * (rate - wanted)
      }
    }
    return sum / Double(count)
  }
}

/// What is added to the loss, and the noise that is added to hidden units.
public struct TrainingPenalties: Sendable, Equatable, Codable {
  /// Times the sum of squares of every weight of convolutions and dense layer.
  public var weights: Double
  /// Times the mean activity of each hidden layer's units.
  public var activity: Double
  /// Standard deviation of the noise added to normalised hidden units.
  public var noise: Double

  /// The penalties' factors.
  public init(weights: Double = 0, activity: Double = 0, noise: Double = 0) {
    (self.weights, self.activity, self.noise) = (weights, activity, noise)
  }
}
