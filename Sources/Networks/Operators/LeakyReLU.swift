import CKernels

/// x where it is positive, else slope · x.
public struct LeakyReLU: PointwiseOperator {
  /// The slope below 0.
  public let slope: Float

  /// The operator with its numbers.
  public init(slope: Float = 0.01) { self.slope = slope }

  /// The operator's name in messages.
  public var kind: String { "leaky ReLU" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(
      shape: inputShapes[0], value: { codec_leaky_relu($0, slope, $1, $2) },
      slope: { codec_leaky_relu_slope($0, slope, $1, $3, $4, $5) })
  }
}
