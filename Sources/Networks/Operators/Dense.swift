import CKernels
import Numerics
import Runtime

/// A fully connected layer over the last axis: `y = W x + b`, the bias optional.
public struct Dense: Operator {
  /// `[output unit, input unit]`.
  public let weight: Tensor
  /// Added to each output unit.
  public let bias: [Float]?
  let packed = PackedWeights()

  /// - Throws: `CodecError` of kind `data` where weight and bias do not fit together.
  public init(weight: Tensor, bias: [Float]? = nil) throws {
    guard weight.shape.count == 2, weight.count > 0 else {
      throw CodecError(
        .data, "a dense layer's weight has shape \(shapeText(weight.shape)), expected output×input")
    }
    if let bias, bias.count != weight.shape[0] {
      throw CodecError(.data, "a dense layer's bias has \(bias.count) numbers, expected \(weight.shape[0])")
    }
    self.weight = weight
    self.bias = bias
  }

  /// The operator's name in messages.
  public var kind: String { "dense" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.last == weight.shape[1] else {
      throw shapeError(expected: "…×\(weight.shape[1])", found: input)
    }
    return input.dropLast() + [weight.shape[0]]
  }

  /// Prepares execution; in bf16 for layers on many vectors.
  public func compile(inputShapes: [[Int]], workspace: PlanWorkspace) throws -> any CompiledOperator {
    let rows = elementCount(inputShapes[0].dropLast())
    guard workspace.precision == .bf16, rows > 1 else {
      return try compile(inputShapes: inputShapes, batch: workspace.batch)
    }
    return CompiledRoundedDense(self, rows: rows, workspace)
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledDense(self, rows: elementCount(inputShapes[0].dropLast()))
  }
}

private final class CompiledDense: CompiledOperator {
  /// The layer's own: plans of all threads share it.
  private let weight: [Float]
  private let bias: [Float]?
  private let outputs: Int
  private let inputs: Int
  /// Vectors multiplied in one sample.
  private let rows: Int

  init(_ layer: Dense, rows: Int) {
    self.rows = rows
    weight = layer.weight.elements
    bias = layer.bias
    (outputs, inputs) = (layer.weight.shape[0], layer.weight.shape[1])
  }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    multiply(samples * rows, inputs[0], output)
    if let bias { codec_add_bias(samples * rows, bias.count, 1, bias, output) }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    BLAS.gemm(
      samples * rows, self.inputs, outputs, a: outputGradient, b: weight,
      beta: sink.adds ? 1 : 0, c: sink.buffer)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    multiply(samples * rows, inputTangents[0], outputTangent)
  }

  private func multiply(_ rows: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    BLAS.gemm(
      rows, outputs, inputs, a: x, b: weight, transposeB: true, c: y)
  }
}
