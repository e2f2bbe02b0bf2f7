import CKernels

/// clip(slope · x + shift, 0, 1).
public struct HardSigmoid: PointwiseOperator {
  /// The slope of its middle part.
  public let slope: Float
  /// Its value at 0.
  public let shift: Float

  /// The operator with its numbers.
  public init(slope: Float = 1 / 6, shift: Float = 0.5) { (self.slope, self.shift) = (slope, shift) }

  /// The operator's name in messages.
  public var kind: String { "hard sigmoid" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether no output is ever negative.
  public var isNonnegative: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(
      shape: inputShapes[0], value: { codec_hard_sigmoid($0, slope, shift, $1, $2) },
      slope: { codec_hard_sigmoid_slope($0, slope, $2, $3, $4, $5) })
  }
}
