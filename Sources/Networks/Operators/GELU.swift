import CKernels

/// The Gaussian error linear unit x · Φ(x), Φ the normal distribution function.
public struct GELU: PointwiseOperator {
  /// How Φ is computed.
  public enum Form: Sendable {
    /// By the error function: the definition.
    case erf
    /// By the usual approximation with tanh.
    case tanh
  }

  /// How Φ is computed.
  public let form: Form

  /// The unit in one of its forms.
  public init(_ form: Form = .erf) { self.form = form }

  /// The operator's name in messages.
  public var kind: String { "GELU" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    switch form {
    case .erf:
      CompiledPointwise(shape: inputShapes[0], value: codec_gelu, slope: codec_gelu_slope)
    case .tanh:
      CompiledPointwise(shape: inputShapes[0], value: codec_gelu_tanh, slope: codec_gelu_tanh_slope)
    }
  }
}
