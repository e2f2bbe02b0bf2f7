import CKernels
import Runtime

/// Layer normalisation over the last axis, or the last few: `(x − mean) / √(variance + ε) · scale + shift`, variance with divisor n.
public struct LayerNorm: Operator {
  /// The learned scale, one number per entry of the axes normalised over.
  public let scale: [Float]
  /// The learned shift, one number per entry of the axes normalised over.
  public let shift: [Float]
  /// Added to the variance.
  public let epsilon: Float

  /// - Throws: `CodecError` of kind `data` where scale and shift differ in length.
  public init(scale: [Float], shift: [Float], epsilon: Float = 1e-5) throws {
    guard scale.count == shift.count, !scale.isEmpty else {
      throw CodecError(
        .data,
        "a layer norm's scale and shift have \(scale.count) and \(shift.count) numbers, expected as many")
    }
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }

  /// The operator's name in messages.
  public var kind: String { "layer norm" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether derivatives need the output of the forward pass.
  public var derivativesReadOutput: Bool { false }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.indices.contains(where: { elementCount(input[$0...]) == scale.count }) else {
      throw shapeError(expected: "…×\(scale.count)", found: input)
    }
    return input
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledLayerNorm(self, rows: elementCount(inputShapes[0]) / scale.count)
  }
}

private final class CompiledLayerNorm: CompiledOperator {
  private let norm: LayerNorm
  /// Vectors normalised in one sample.
  private let rows: Int

  init(_ norm: LayerNorm, rows: Int) {
    self.norm = norm
    self.rows = rows
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    codec_layer_norm(
      samples * rows, norm.scale.count, norm.epsilon, norm.scale, norm.shift, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    codec_layer_norm_reverse(
      samples * rows, norm.scale.count, norm.epsilon, norm.scale, inputs[0], outputGradient, sink.buffer,
      sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    codec_layer_norm_tangent(
      samples * rows, norm.scale.count, norm.epsilon, norm.scale, inputs[0], inputTangents[0], outputTangent)
  }
}
