import Numerics
import ONNXSchema
import Runtime

/// Operators that act on each number alone, and arithmetic of two tensors.
extension ONNXImporter {
  /// Nonlinearities by ONNX's name.
  static let pointwise: [String: @Sendable (ONNXNodeReader) throws -> any Operator] = [
    "Relu": { _ in ReLU() },
    "Sigmoid": { _ in Sigmoid() },
    "Tanh": { _ in Tanh() },
    "Softplus": { _ in Softplus() },
    "Exp": { _ in Exponential() },
    "Erf": { _ in ErrorFunction() },
    "Sqrt": { _ in Power(exponent: 0.5) },
    "Reciprocal": { _ in Power(exponent: -1) },
    "Neg": { _ in Scale(by: -1) },
    "LeakyRelu": { LeakyReLU(slope: $0.number("alpha", 0.01)) },
    "HardSigmoid": { HardSigmoid(slope: $0.number("alpha", 0.2), shift: $0.number("beta", 0.5)) },
    "HardSwish": { _ in HardSwish() },
    "Gelu": { GELU($0.text("approximate", "none") == "tanh" ? .tanh : .erf) },
  ]

  /// Arithmetic by ONNX's name.
  static let arithmetic: [String: Arithmetic.Operation] = [
    "Add": .add, "Sub": .subtract, "Mul": .multiply, "Div": .divide,
  ]

  mutating func addPointwise(_ reader: ONNXNodeReader, _ operation: any Operator) throws {
    let input = try reader.computed(
      reader.node.opType == "Min" || reader.node.opType == "Max" ? computedSide(reader) : 0)
    append(operation, of: reader.node, reading: [input], shape: input.shape, channelAxis: input.channelAxis)
  }

  private func computedSide(_ reader: ONNXNodeReader) -> Int {
    reader.values.firstIndex { if case .computed? = $0 { true } else { false } } ?? 0
  }

  /// Clip, Min and Max with constant bounds, and constant powers.
  func bounded(_ reader: ONNXNodeReader) throws -> any Operator {
    func scalar(_ index: Int) throws -> Float? {
      guard let constant = try reader.constant(ifPresent: index) else { return nil }
      guard let value = constant.scalar else {
        throw ONNXUnsupported(reason: "its input \(index) is no single number")
      }
      return value
    }
    switch reader.node.opType {
    case "Clip":
      let (low, high) = (try scalar(1), try scalar(2))
      return Clip(
        low: low ?? reader.number("min", -.infinity), high: high ?? reader.number("max", .infinity))
    case "Pow":
      guard let exponent = try scalar(1) else { throw CodecError(.data, "the power is missing") }
      return Power(exponent: exponent)
    default:
      guard reader.values.count == 2, let bound = try scalar(1 - computedSide(reader)) else {
        throw ONNXUnsupported(reason: "not between a tensor and a number")
      }
      return reader.node.opType == "Min" ? Clip(high: bound) : Clip(low: bound)
    }
  }

  mutating func addArithmetic(_ reader: ONNXNodeReader, _ operation: Arithmetic.Operation) throws {
    let rank = max(try reader.value(0).shape.count, try reader.value(1).shape.count)
    var inputs: [ONNXComputed] = []
    for case .computed(let side)? in reader.values {
      inputs.append(try widened(side, to: rank, of: reader.node))
    }
    let first = inputs[0]
    if inputs.count == 2, !inputs[1].isLaidOut(like: first) {
      throw ONNXUnsupported(reason: "samples lie on different axes of its inputs")
    }
    var shapes: [[Int]] = []
    let sides = try reader.values.prefix(2).map { value -> Arithmetic.Operand in
      guard case .constant(let constant)? = value else {
        shapes.append(inputs[shapes.count == 0 ? 0 : inputs.count - 1].shape)
        return .input
      }
      let aligned = Array(repeating: 1, count: rank - constant.shape.count) + constant.shape
      shapes.append(aligned)
      return .constant(try sampleOf(constant.reshaped(aligned), like: first))
    }
    guard let shape = broadcastShape(shapes[0], shapes[1]) else {
      throw CodecError(
        .data, "shapes \(batchText(shapes[0])) and \(batchText(shapes[1])) do not fit each other")
    }
    let axes = Set(inputs.filter { $0.shape == shape }.map(\.channelAxis))
    let channelAxis = axes.count == 1 ? axes.first! : nil
    if operation == .add, inputs.count == 2, inputs.allSatisfy({ $0.shape == shape }) {
      return append(Add(), of: reader.node, reading: inputs, shape: shape, channelAxis: channelAxis)
    }
    append(
      Arithmetic(operation, left: sides[0], right: sides[1]), of: reader.node, reading: inputs, shape: shape,
      channelAxis: channelAxis)
  }

  /// A constant's numbers as one sample of a computed tensor meets them.
  func sampleOf(_ constant: ONNXConstant, like computed: ONNXComputed) throws -> Tensor {
    let length = constant.shape[computed.batchAxis]
    guard length == 1 || length == computed.shape[computed.batchAxis], constant.sampleStep == 0 else {
      throw ONNXUnsupported(
        reason: "a constant of shape \(shapeText(constant.shape)) differs from sample to sample")
    }
    return Tensor(shape: computed.strip(perSample(constant.shape)), elements: constant.floats)
  }

  /// The tensor with leading axes of length 1.
  mutating func widened(_ computed: ONNXComputed, to rank: Int, of node: ONNXNode) throws -> ONNXComputed {
    guard computed.shape.count < rank else { return computed }
    let shape = Array(repeating: 1, count: rank - computed.shape.count) + computed.shape
    let wide = ONNXComputed(name: computed.name, shape: shape)
    return appendStep(
      Reshape(to: wide.networkShape), of: node, named: "widened", reading: computed, shape: shape)
  }
}
