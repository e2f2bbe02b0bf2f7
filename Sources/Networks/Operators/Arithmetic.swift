import CKernels
import Numerics
import Runtime

/// Sum, difference, product or quotient of two tensors, number by number; one of them may be a constant. Shapes
/// broadcast as NumPy's do, aligned at their last axes.
public struct Arithmetic: Operator {
  /// What is done with each pair of numbers.
  public enum Operation: String, Sendable, CaseIterable {
    case add, subtract, multiply, divide
  }

  /// Where a side comes from.
  public enum Operand: Sendable {
    /// The operator's next input.
    case input
    /// A constant, without a batch axis.
    case constant(Tensor)
  }

  /// What is done.
  public let operation: Operation
  /// The left side.
  public let left: Operand
  /// The right side.
  public let right: Operand

  /// Two inputs, unless a side is a constant.
  public init(_ operation: Operation, left: Operand = .input, right: Operand = .input) {
    (self.operation, self.left, self.right) = (operation, left, right)
  }

  /// An input with a constant on its right.
  public init(_ operation: Operation, _ constant: Tensor) {
    self.init(operation, right: .constant(constant))
  }

  /// The operator's name in messages.
  public var kind: String { operation.rawValue }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool {
    switch (operation, left, right) {
    case (.add, _, _), (.subtract, _, _), (.multiply, .constant, _), (.multiply, _, .constant),
      (.divide, _, .constant):
      true
    default: false
    }
  }

  private func shapes(_ inputs: [[Int]]) throws -> [[Int]] {
    var rest = inputs[...]
    let shapes = [left, right].map { side in
      switch side {
      case .input: rest.popFirst()
      case .constant(let tensor): tensor.shape
      }
    }
    guard rest.isEmpty, !inputs.isEmpty, !shapes.contains(nil) else {
      throw CodecError(.data, "\(kind) found \(inputs.count) inputs")
    }
    return shapes.compactMap(\.self)
  }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let shapes = try shapes(inputs)
    guard let result = broadcastShape(shapes[0], shapes[1]) else {
      throw shapeError(expected: "that broadcasts with \(shapeText(shapes[0]))", found: shapes[1])
    }
    return result
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let (shapes, output) = (try shapes(inputShapes), try outputShape(of: inputShapes))
    var inputs = 0
    let sides = zip([left, right], shapes).map { side, shape -> ArithmeticSide in
      switch side {
      case .input:
        inputs += 1
        return ArithmeticSide(input: inputs - 1, shape: shape, output: output)
      case .constant(let tensor): return ArithmeticSide(tensor, output: output)
      }
    }
    return CompiledArithmetic(operation, sides[0], sides[1], count: elementCount(output))
  }

  /// Prepares execution on images with the channels last: the same with its axes in that order. What has fewer axes
  /// than an image is spread over its channels, and keeps its order.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  {
    guard try outputShape(of: inputShapes).count == 3 else { return nil }
    let turned = Arithmetic(operation, left: Self.channelsLast(left), right: Self.channelsLast(right))
    return try turned.compile(inputShapes: inputShapes.map(Self.channelsLast), batch: workspace.batch)
  }

  private static func channelsLast(_ shape: [Int]) -> [Int] {
    Networks.channelsLast(Array(repeating: 1, count: 3 - shape.count) + shape)
  }

  private static func channelsLast(_ side: Operand) -> Operand {
    guard case .constant(let tensor) = side else { return side }
    let shape = channelsLast(tensor.shape)
    let (pixels, channels) = (shape[0] * shape[1], shape[2])
    var elements = tensor.elements
    for channel in 0..<channels {
      for pixel in 0..<pixels {
        elements[pixel * channels + channel] = tensor.elements[channel * pixels + pixel]
      }
    }
    return .constant(Tensor(shape: shape, elements: elements))
  }
}

/// One side: its numbers of one sample, spread over the output's shape.
private final class ArithmeticSide {
  /// Which of the operator's inputs; `nil` for a constant.
  let input: Int?
  private let inputCount: Int
  private let outputCount: Int
  /// How the side is repeated; `nil` where it has the output's shape.
  private let spread: IndexMap?
  /// The side, or its tangent, spread.
  private let values: UnsafeMutableBufferPointer<Float>
  private let tangents: UnsafeMutableBufferPointer<Float>
  let gradients: UnsafeMutableBufferPointer<Float>

  init(input: Int?, shape: [Int], output: [Int]) {
    self.input = input
    (inputCount, outputCount) = (elementCount(shape), elementCount(output))
    spread = inputCount == outputCount ? nil : IndexMap(broadcasting: shape, to: output)
    let count = spread == nil && input != nil ? 0 : outputCount
    (values, tangents, gradients) = (
      allocateAligned(count), allocateAligned(count), allocateAligned(outputCount)
    )
  }

  convenience init(_ constant: Tensor, output: [Int]) {
    self.init(input: nil, shape: constant.shape, output: output)
    constant.elements.withUnsafeBufferPointer { elements in
      if let spread {
        codec_gather(
          1, spread.runs.count, spread.runs, inputCount, outputCount, elements.baseAddress!,
          values.baseAddress!, 0)
      } else {
        _ = values.update(from: elements)
      }
    }
  }

  deinit {
    values.deallocate()
    tangents.deallocate()
    gradients.deallocate()
  }

  /// The side's numbers of one sample.
  func values(_ inputs: [UnsafePointer<Float>], sample: Int) -> UnsafePointer<Float> {
    read(inputs, sample, values.baseAddress) ?? UnsafePointer(values.baseAddress!)
  }

  /// The side's tangent of one sample; `nil` for a constant.
  func tangents(_ inputs: [UnsafePointer<Float>], sample: Int) -> UnsafePointer<Float>? {
    read(inputs, sample, tangents.baseAddress)
  }

  private func read(
    _ inputs: [UnsafePointer<Float>], _ sample: Int, _ scratch: UnsafeMutablePointer<Float>?
  ) -> UnsafePointer<Float>? {
    guard let input else { return nil }
    let start = inputs[input] + sample * inputCount
    guard let spread, let scratch else { return start }
    codec_gather(1, spread.runs.count, spread.runs, inputCount, outputCount, start, scratch, 0)
    return UnsafePointer(scratch)
  }

  /// Lets `write` make one sample's gradient in the output's shape, and sums it to the side's shape.
  func addGradient(
    sample: Int, _ sinks: [GradientSink?], _ write: (UnsafeMutablePointer<Float>, _ adds: Int32) -> Void
  ) {
    guard let input, let sink = sinks[input] else { return }
    let target = sink.buffer + sample * inputCount
    guard let spread else { return write(target, sink.adds ? 1 : 0) }
    write(gradients.baseAddress!, 0)
    if !sink.adds { target.update(repeating: 0, count: inputCount) }
    codec_scatter(
      1, spread.runs.count, spread.runs, inputCount, outputCount, 1, gradients.baseAddress!, target)
  }
}

private final class CompiledArithmetic: CompiledOperator {
  private let operation: Arithmetic.Operation
  private let left: ArithmeticSide
  private let right: ArithmeticSide
  private let count: Int
  private let scratch: UnsafeMutableBufferPointer<Float>

  init(_ operation: Arithmetic.Operation, _ left: ArithmeticSide, _ right: ArithmeticSide, count: Int) {
    (self.operation, self.left, self.right, self.count) = (operation, left, right, count)
    scratch = allocateAligned(operation == .divide ? count : 0)
  }

  deinit { scratch.deallocate() }

  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) {
    for sample in 0..<samples {
      let (a, b) = (left.values(inputs, sample: sample), right.values(inputs, sample: sample))
      let y = output + sample * count
      switch operation {
      case .add, .subtract:
        codec_scaled(count, 1, a, y, 0)
        codec_scaled(count, operation == .add ? 1 : -1, b, y, 1)
      case .multiply: codec_product(count, 1, a, b, y, 0)
      case .divide: codec_quotient(count, 1, a, b, y, 0)
      }
    }
  }

  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]
  ) {
    for sample in 0..<samples {
      let (a, b) = (left.values(inputs, sample: sample), right.values(inputs, sample: sample))
      let (y, g) = (output + sample * count, outputGradient + sample * count)
      left.addGradient(sample: sample, inputGradients) { target, adds in
        switch operation {
        case .add, .subtract: codec_scaled(count, 1, g, target, adds)
        case .multiply: codec_product(count, 1, g, b, target, adds)
        case .divide: codec_quotient(count, 1, g, b, target, adds)
        }
      }
      right.addGradient(sample: sample, inputGradients) { target, adds in
        switch operation {
        case .add, .subtract: codec_scaled(count, operation == .add ? 1 : -1, g, target, adds)
        case .multiply: codec_product(count, 1, g, a, target, adds)
        case .divide:
          codec_quotient(count, 1, g, b, scratch.baseAddress!, 0)
          codec_product(count, -1, scratch.baseAddress!, y, target, adds)
        }
      }
    }
  }

  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>
  ) {
    for sample in 0..<samples {
      let (a, b) = (left.values(inputs, sample: sample), right.values(inputs, sample: sample))
      let (y, result) = (output + sample * count, outputTangent + sample * count)
      result.update(repeating: 0, count: count)
      if let t = left.tangents(inputTangents, sample: sample) {
        switch operation {
        case .add, .subtract: codec_scaled(count, 1, t, result, 1)
        case .multiply: codec_product(count, 1, t, b, result, 1)
        case .divide: codec_quotient(count, 1, t, b, result, 1)
        }
      }
      if let t = right.tangents(inputTangents, sample: sample) {
        switch operation {
        case .add, .subtract: codec_scaled(count, operation == .add ? 1 : -1, t, result, 1)
        case .multiply: codec_product(count, 1, t, a, result, 1)
        case .divide:
          codec_quotient(count, 1, t, b, scratch.baseAddress!, 0)
          codec_product(count, -1, scratch.baseAddress!, y, result, 1)
        }
      }
    }
  }
}
