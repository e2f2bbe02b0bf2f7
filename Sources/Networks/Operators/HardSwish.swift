import CKernels

/// x · clip(x + 3, 0, 6) / 6.
public struct HardSwish: PointwiseOperator {
  /// The operator; it has no parameters.
  public init() {}

  /// The operator's name in messages.
  public var kind: String { "hard swish" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(shape: inputShapes[0], value: codec_hard_swish, slope: codec_hard_swish_slope)
  }
}
