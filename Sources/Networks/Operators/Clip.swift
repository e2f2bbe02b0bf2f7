import CKernels

/// x where it lies between two bounds, else the nearer bound; slopes at and beyond the bounds are 0.
public struct Clip: PointwiseOperator {
  /// The lower bound; −∞ for none.
  public let low: Float
  /// The upper bound; ∞ for none.
  public let high: Float

  /// The operator with its numbers.
  public init(low: Float = -.infinity, high: Float = .infinity) { (self.low, self.high) = (low, high) }

  /// The operator's name in messages.
  public var kind: String { "clip" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether no output is ever negative.
  public var isNonnegative: Bool { low >= 0 }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledPointwise(
      shape: inputShapes[0], value: { codec_clip($0, low, high, $1, $2) },
      slope: { codec_clip_slope($0, low, high, $1, $3, $4, $5) })
  }
}
