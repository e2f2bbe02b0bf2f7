import CKernels
import Runtime

/// Multiplies every number by one factor, or by its channel's or unit's.
public struct Scale: Operator {
  /// One factor for all, or one per channel or unit.
  public let factors: [Float]

  /// Multiplication by one factor.
  public init(by factor: Float) { factors = [factor] }

  /// Multiplication by a factor per channel or unit.
  public init(by factors: [Float]) { self.factors = factors }

  /// The operator's name in messages.
  public var kind: String { "scale" }
  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard factors.count == 1 || factors.count == elementCount(input) || factors.count == input.first else {
      throw shapeError(expected: "\(factors.count) channels or \(factors.count) units", found: input)
    }
    return input
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let zeros = [Float](repeating: 0, count: factors.count)
    return CompiledAffine(factor: factors, offset: zeros, shape: inputShapes[0])
  }
}
