/// Multiplies every number by one factor.
public struct Scale: Operator {
  /// What every number is multiplied by.
  public let factor: Float

  /// Multiplication by `factor`.
  public init(by factor: Float) { self.factor = factor }

  /// The operator's name in messages.
  public var kind: String { "scale" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledSum(factors: [factor], count: elementCount(inputShapes[0]))
  }
}
