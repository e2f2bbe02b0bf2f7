import CKernels
import Foundation

/// The Adam optimiser over one flat array of parameters (Kingma and Ba 2015), bias-corrected as PyTorch's.
public struct Adam: Sendable {
  /// Decay of the first and the second moment.
  public let decay: (first: Double, second: Double)
  /// Added to the root of the second moment.
  public let epsilon: Float
  /// Steps taken.
  public private(set) var steps = 0
  private var first: [Float]
  private var second: [Float]

  /// - Parameters:
  ///   - count: number of parameters.
  public init(count: Int, decay: (first: Double, second: Double) = (0.9, 0.999), epsilon: Float = 1e-8) {
    self.decay = decay
    self.epsilon = epsilon
    first = Array(repeating: 0, count: count)
    second = Array(repeating: 0, count: count)
  }

  /// An optimiser that goes on after `steps` steps with the moments it had then.
  /// - Parameters:
  ///   - first: first moments, one for each parameter.
  ///   - second: second moments.
  public init(
    steps: Int, first: [Float], second: [Float], decay: (first: Double, second: Double) = (0.9, 0.999),
    epsilon: Float = 1e-8
  ) {
    precondition(first.count == second.count && steps >= 0)
    self.init(count: first.count, decay: decay, epsilon: epsilon)
    (self.steps, self.first, self.second) = (steps, first, second)
  }

  /// First and second moments: with `steps` all that the next step depends on.
  public var moments: (first: [Float], second: [Float]) { (first, second) }

  /// Moves the parameters one step against the gradient.
  /// - Complexity: O(parameters).
  public mutating func step(_ parameters: inout [Float], gradient: [Float], learningRate: Double) {
    precondition(parameters.count == first.count && gradient.count == first.count)
    steps += 1
    let rate = learningRate / (1 - pow(decay.first, Double(steps)))
    let secondScale = 1 / (1 - pow(decay.second, Double(steps))).squareRoot()
    codec_adam(
      first.count, gradient, Float(rate), Float(decay.first), Float(decay.second), Float(secondScale),
      epsilon,
      &first, &second, &parameters)
  }

  /// Forgets the moments of some parameters: what a parameter set anew begins with.
  public mutating func forget(_ range: Range<Int>) {
    for index in range { (first[index], second[index]) = (0, 0) }
  }
}
