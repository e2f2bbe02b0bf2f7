import CKernels
import Runtime

/// Softmax over one axis: e^x over its sum.
public struct Softmax: Operator {
  /// The axis that sums to 1, batch axis not counted; negative ones count from the last.
  public let axis: Int

  /// Softmax over `axis`, the last where left out.
  public init(axis: Int = -1) { self.axis = axis }

  /// The operator's name in messages.
  public var kind: String { "softmax" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { false }

  /// Whether no output is ever negative.
  public var isNonnegative: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.indices.contains(resolved(input)) else {
      throw shapeError(expected: "with an axis \(axis)", found: input)
    }
    return input
  }

  private func resolved(_ shape: [Int]) -> Int { axis < 0 ? axis + shape.count : axis }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let (shape, axis) = (inputShapes[0], resolved(inputShapes[0]))
    return CompiledSoftmax(
      outer: shape[..<axis].reduce(1, *), length: shape[axis], inner: shape[(axis + 1)...].reduce(1, *))
  }
}

private final class CompiledSoftmax: CompiledOperator {
  private let outer: Int
  private let length: Int
  private let inner: Int
  /// Three tensors of one sample with the softmax axis last, for axes that are not.
  private let turned: UnsafeMutableBufferPointer<Float>
  private let turn: IndexMap

  init(outer: Int, length: Int, inner: Int) {
    (self.outer, self.length, self.inner) = (outer, length, inner)
    turned = allocateAligned(inner == 1 ? 0 : 3 * outer * length * inner)
    let offsets = IndexMap.offsets(ofShape: [outer, length, inner])
    turn = IndexMap(axes: inner == 1 ? [] : [offsets[0], offsets[2], offsets[1]])
  }

  deinit { turned.deallocate() }

  private var count: Int { outer * length * inner }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    guard inner > 1 else { return codec_softmax(samples * outer, length, inputs[0], output) }
    let (x, y) = (turned.baseAddress!, turned.baseAddress! + count)
    for sample in 0..<samples {
      gather(inputs[0] + sample * count, x)
      codec_softmax(outer * inner, length, x, y)
      (output + sample * count).update(repeating: 0, count: count)
      codec_scatter(1, turn.runs.count, turn.runs, count, count, 1, y, output + sample * count)
    }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    derive(samples, output, outputGradient, sink)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    derive(samples, output, inputTangents[0], GradientSink(buffer: outputTangent, adds: false))
  }

  /// The Jacobian is symmetric: one product serves both modes.
  private func derive(
    _ samples: Int, _ output: UnsafePointer<Float>, _ given: UnsafePointer<Float>, _ sink: GradientSink
  ) {
    guard inner > 1 else {
      return codec_softmax_derivative(
        samples * outer, length, output, given, sink.buffer, sink.adds ? 1 : 0)
    }
    let (y, g, result) = (turned.baseAddress!, turned.baseAddress! + count, turned.baseAddress! + 2 * count)
    if !sink.adds { sink.buffer.update(repeating: 0, count: samples * count) }
    for sample in 0..<samples {
      gather(output + sample * count, y)
      gather(given + sample * count, g)
      codec_softmax_derivative(outer * inner, length, y, g, result, 0)
      codec_scatter(1, turn.runs.count, turn.runs, count, count, 1, result, sink.buffer + sample * count)
    }
  }

  private func gather(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) {
    codec_gather(1, turn.runs.count, turn.runs, count, count, from, to, 0)
  }
}
