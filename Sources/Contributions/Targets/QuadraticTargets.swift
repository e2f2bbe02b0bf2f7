import Foundation
import Numerics

/// How unlikely the population's response is under a normal distribution of responses: ½ (y−μ)ᵀ Σ⁻¹ (y−μ), in
/// nats, without its constant part (paper section 7; larger is more unexpected).
package struct SurprisalTarget: Target {
  private let form: QuadraticForm
  /// ½ log((2π)ⁿ det Σ), in nats: the part of −log P without a gradient.
  package let constant: Double

  /// - Parameters:
  ///   - mean: μ of the model's outputs.
  ///   - precision: Σ⁻¹, symmetric.
  ///   - logDeterminant: log det Σ.
  package init(mean: [Double], precision: Matrix, logDeterminant: Double) {
    form = QuadraticForm(mean: mean, precision: precision)
    constant = 0.5 * (Double(mean.count) * log(2 * Double.pi) + logDeterminant)
  }

  package var name: String { "surprisal" }
  package var formula: String { "½ (y−μ)ᵀ Σ⁻¹ (y−μ)" }
  package func unit(ofOutputs unit: String) -> String { "nats" }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    0.5 * form.evaluate(output, product: &gradient)
  }
}

/// The distance of the population's response from its mean in standard deviations: √((y−μ)ᵀ Σ⁻¹ (y−μ)).
///
/// At y = μ, where the distance has no derivative, the gradient is 0 (the smallest subgradient).
package struct MahalanobisTarget: Target {
  private let form: QuadraticForm

  /// - Parameters:
  ///   - mean: μ of the model's outputs.
  ///   - precision: Σ⁻¹, symmetric.
  package init(mean: [Double], precision: Matrix) {
    form = QuadraticForm(mean: mean, precision: precision)
  }

  package var name: String { "mahalanobis" }
  package var formula: String { "√((y−μ)ᵀ Σ⁻¹ (y−μ))" }
  package func unit(ofOutputs unit: String) -> String { "1" }

  package func evaluate(_ output: [Double], gradient: inout [Double]) -> Double {
    let distance = max(form.evaluate(output, product: &gradient), 0).squareRoot()
    for index in gradient.indices { gradient[index] = distance > 0 ? gradient[index] / distance : 0 }
    return distance
  }
}

/// (y−μ)ᵀ P (y−μ) of a symmetric matrix P.
private struct QuadraticForm: Sendable {
  let mean: [Double]
  let precision: Matrix

  init(mean: [Double], precision: Matrix) {
    self.mean = mean
    self.precision = precision
    Swift.precondition(precision.rows == mean.count && precision.columns == mean.count)
  }

  /// - Parameters:
  ///   - product: receives P (y−μ), half the form's gradient.
  func evaluate(_ output: [Double], product: inout [Double]) -> Double {
    var total = 0.0
    for row in mean.indices {
      var sum = 0.0
      for column in mean.indices { sum += precision[row, column] * (output[column] - mean[column]) }
      product[row] = sum
      total += sum * (output[row] - mean[row])
    }
    return total
  }
}
