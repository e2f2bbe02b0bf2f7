import CKernels
import Runtime

/// Sums or means over whole axes, such as global average pooling.
public struct AxisSum: Operator {
  /// The axes summed over, batch axis not counted.
  public let axes: [Int]
  /// Whether they stay, with length 1.
  public let keepsAxes: Bool
  /// Whether sums are divided by the number of terms.
  public let isMean: Bool

  /// The sum, or mean, over `axes`.
  public init(axes: [Int], keepsAxes: Bool = false, isMean: Bool) {
    (self.axes, self.keepsAxes, self.isMean) = (axes, keepsAxes, isMean)
  }

  /// The operator's name in messages.
  public var kind: String { isMean ? "mean over axes" : "sum over axes" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard !axes.isEmpty, Set(axes).count == axes.count, axes.allSatisfy(input.indices.contains) else {
      throw shapeError(expected: "with the axes \(axes)", found: input)
    }
    return input.indices.compactMap { axes.contains($0) ? (keepsAxes ? 1 : nil) : input[$0] }
  }

  /// Prepares execution on images with the channels last, where it leaves channels alone.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  {
    guard Set(axes) == [1, 2], !keepsAxes else { return nil }
    let shape = inputShapes[0]
    return try AxisSum(axes: [0], isMean: isMean).compile(
      inputShapes: [[shape[1] * shape[2], shape[0]]], workspace: workspace)
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let input = inputShapes[0]
    let terms = axes.reduce(1) { $0 * input[$1] }
    let summed = input.indices.map { axes.contains($0) ? 1 : input[$0] }
    return CompiledAxisSum(
      spread: IndexMap(broadcasting: summed, to: input), inputs: elementCount(input),
      outputs: elementCount(summed), factor: isMean ? 1 / Float(terms) : 1, batch: batch)
  }
}

/// The transpose of a repetition.
private final class CompiledAxisSum: CompiledOperator {
  private let spread: IndexMap
  private let inputs: Int
  private let outputs: Int
  private let factor: Float
  private let scaled: UnsafeMutableBufferPointer<Float>

  init(spread: IndexMap, inputs: Int, outputs: Int, factor: Float, batch: Int) {
    (self.spread, self.inputs, self.outputs, self.factor) = (spread, inputs, outputs, factor)
    scaled = allocateAligned(batch * outputs)
  }

  deinit { scaled.deallocate() }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    output.update(repeating: 0, count: samples * outputs)
    codec_scatter(samples, spread.runs.count, spread.runs, outputs, self.inputs, factor, inputs[0], output)
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    guard let sink = inputGradients[0] else { return }
    codec_scaled(samples * outputs, factor, outputGradient, scaled.baseAddress!, 0)
    codec_gather(
      samples, spread.runs.count, spread.runs, outputs, self.inputs, scaled.baseAddress!, sink.buffer,
      sink.adds ? 1 : 0)
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    forward(samples: samples, inputs: inputTangents, output: outputTangent)
  }
}
