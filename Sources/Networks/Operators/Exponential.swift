import CKernels

/// The exponential eˣ.
public struct Exponential: PointwiseOperator {
  /// The operator; it has no parameters.
  public init() {}

  /// The operator's name in messages.
  public var kind: String { "exponential" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether no output is ever negative.
  public var isNonnegative: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(shape: inputShapes[0], value: codec_exponential, slope: codec_exponential_slope)
  }
}
