import CKernels

/// x to a constant power; 0.5 is the square root.
public struct Power: PointwiseOperator {
  /// The power.
  public let exponent: Float

  /// The operator with its numbers.
  public init(exponent: Float) { self.exponent = exponent }

  /// The operator's name in messages.
  public var kind: String { "power" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(
      shape: inputShapes[0], value: { codec_power($0, exponent, $1, $2) },
      slope: { codec_power_slope($0, exponent, $1, $2, $3, $4, $5) })
  }
}
