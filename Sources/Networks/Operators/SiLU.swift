import CKernels

/// The sigmoid-weighted linear unit x · sigmoid(x), also called swish.
public struct SiLU: PointwiseOperator {
  /// The operator; it has no parameters.
  public init() {}

  /// The operator's name in messages.
  public var kind: String { "SiLU" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(shape: inputShapes[0], value: codec_silu, slope: codec_silu_slope)
  }
}
