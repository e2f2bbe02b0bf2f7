import CKernels

/// The rectifier, max(x, 0); its slope at 0 is 0.
///
/// Within rounding of 0 (3 · 2⁻²³ of the layer's root mean square in that sample) nobody can tell on which side x is.
/// There the slope goes from 0 to 1 in a straight line, so that derivatives do not jump with the library that computed
/// the layer before. Where a plan joins it to the convolution before (`FusedConvolution`), the slope is 0 or 1.
public struct ReLU: PointwiseOperator {
  /// The operator; it has no parameters.
  public init() {}

  /// The operator's name in messages.
  public var kind: String { "ReLU" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether no output is ever negative.
  public var isNonnegative: Bool { true }

  /// Whether derivatives need the output of the forward pass.
  public var derivativesReadOutput: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] { try onlyInput(inputs) }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledReLU(shape: inputShapes[0])
  }
}

private final class CompiledReLU: CompiledOperator {
  private let count: Int

  init(shape: [Int]) { count = elementCount(shape) }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_relu(samples * count, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    codec_relu_slope(samples, count, inputs[0], outputGradient, sink.buffer, sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_relu_slope(samples, count, inputs[0], inputTangents[0], outputTangent, 0)
  }
}
