import CKernels
import Runtime

/// The sum of two or more tensors of one shape: where residual branches meet.
public struct Add: PointwiseOperator {
  /// The operator; it has no parameters.
  public init() {}

  /// The operator's name in messages.
  public var kind: String { "add" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    guard let first = inputs.first, inputs.count > 1 else {
      throw CodecError(.data, "add takes two or more inputs, found \(inputs.count)")
    }
    for other in inputs where other != first { throw shapeError(expected: shapeText(first), found: other) }
    return first
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledSum(factors: inputShapes.map { _ in 1 }, count: elementCount(inputShapes[0]))
  }
}

/// A weighted sum of the inputs, number by number.
final class CompiledSum: CompiledOperator {
  private let factors: [Float]
  private let count: Int

  init(factors: [Float], count: Int) {
    self.factors = factors
    self.count = count
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    for (index, input) in inputs.enumerated() {
      codec_scaled(samples * count, factors[index], input, output, index > 0 ? 1 : 0)
    }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    for case (let index, let sink?) in inputGradients.enumerated() {
      codec_scaled(samples * count, factors[index], outputGradient, sink.buffer, sink.adds ? 1 : 0)
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    forward(samples: samples, inputs: inputTangents, output: outputTangent)
  }
}
