import Foundation
import Numerics
import ONNXSchema
import Runtime

/// Computes a node all of whose inputs are known: shape arithmetic and prepared weights.
struct ONNXFolding {
  /// ONNX's names of what can be computed.
  static let kinds: Set<String> = Set(binary.keys).union(unary.keys).union([
    "Constant", "ConstantOfShape", "Range", "Identity", "Dropout", "Cast", "Reshape", "Flatten", "Squeeze",
    "Unsqueeze",
    "Transpose", "Neg", "Concat", "Split", "Slice", "Gather", "Expand", "Where", "Size", "ReduceProd", "Min",
    "Max",
  ])

  let reader: ONNXNodeReader
  private let inputs: [ONNXConstant?]

  init(_ reader: ONNXNodeReader, _ inputs: [ONNXConstant?]) { (self.reader, self.inputs) = (reader, inputs) }

  private func input(_ index: Int) throws -> ONNXConstant { try reader.constant(index) }

  private func integers(_ index: Int) throws -> [Int] {
    guard let found = try input(index).integers else {
      throw CodecError(.data, "input \(index) holds no integers")
    }
    return found
  }

  /// One constant an output.
  func results() throws -> [ONNXConstant] {
    let type = reader.node.opType
    if let result = try sumOfPlaces() { return [result] }
    if let operation = Self.binary[type] { return [try combine(input(0), input(1), operation)] }
    if let operation = Self.unary[type] {
      return [ONNXConstant(shape: try input(0).shape, .floats(try input(0).floats.map(operation)))]
    }
    switch type {
    case "Constant": return [try constant()]
    case "ConstantOfShape": return [try filled(try integers(0))]
    case "Range": return [try range()]
    case "Identity", "Dropout": return [try input(0)]
    case "Cast": return [try cast()]
    case "Size": return [ONNXConstant(shape: [], .integers([try input(0).shape.reduce(1, *)]))]
    case "ReduceProd": return [ONNXConstant(shape: [], .integers([try integers(0).reduce(1, &*)]))]
    case "Min", "Max":
      let operation =
        type == "Min"
        ? Binary(integers: { min($0, $1) }, floats: { min($0, $1) })
        : Binary(integers: { max($0, $1) }, floats: { max($0, $1) })
      return [try combine(input(0), input(1), operation)]
    case "Neg":
      return [try combine(input(0), input(0), Binary(integers: { a, _ in 0 &- a }, floats: { a, _ in -a }))]
    case "Where": return [try chosen()]
    default: return try moved()
    }
  }

  private func constant() throws -> ONNXConstant {
    if let tensor = try reader.tensor("value") { return tensor }
    if reader.has("value_int") { return ONNXConstant(shape: [], .integers([reader.integer("value_int", 0)])) }
    if reader.has("value_float") {
      return ONNXConstant(shape: [], .floats([reader.number("value_float", 0)]))
    }
    if let values = reader.integers("value_ints") { return ONNXConstant(values) }
    if let values = reader.floats("value_floats") {
      return ONNXConstant(shape: [values.count], .floats(values))
    }
    throw ONNXUnsupported(reason: "a constant without numbers")
  }

  private func filled(_ shape: [Int]) throws -> ONNXConstant {
    try checkSize(shape)
    let count = elementCount(perSample(shape))
    switch try reader.tensor("value")?.numbers {
    case let value? where value.count != 1: throw CodecError(.data, "its value is no single number")
    case .integers(let value)?:
      return ONNXConstant(shape: shape, .integers(Array(repeating: value[0], count: count)))
    case .floats(let value)?:
      return ONNXConstant(shape: shape, .floats(Array(repeating: value[0], count: count)))
    case nil: return ONNXConstant(shape: shape, .floats(Array(repeating: 0, count: count)))
    }
  }

  private func range() throws -> ONNXConstant {
    if case .floats = try input(0).numbers { throw ONNXUnsupported(reason: "a range of fractions") }
    let bounds = try (0..<3).flatMap { try integers($0) }
    guard bounds.count == 3 else { throw CodecError(.data, "its bounds are no single numbers") }
    let (start, end, step) = (bounds[0], bounds[1], bounds[2])
    if countsSamples(end), step == 1, start == 0 {
      try checkSize([end])
      return ONNXConstant(
        shape: [end], .integers(Array(0..<end / batchMarker)), sampleStep: end / batchMarker)
    }
    let limit = -batchMarker..<batchMarker
    guard step != 0, limit.contains(start), limit.contains(end), !countsSamples(end - start) else {
      throw ONNXUnsupported(reason: "a range over the samples of the batch")
    }
    return ONNXConstant(Array(stride(from: start, to: end, by: step)))
  }

  private func cast() throws -> ONNXConstant {
    let given = try input(0)
    guard let type = ONNXElement(rawValue: Int32(clamping: reader.integer("to", 1))) else {
      throw ONNXUnsupported(reason: "to elements of ONNX's type \(reader.integer("to", 1))")
    }
    if type.isFloat { return ONNXConstant(shape: given.shape, .floats(given.floats)) }
    let isTruth = type == .bool
    switch given.numbers {
    case .integers(let values):
      return ONNXConstant(shape: given.shape, .integers(isTruth ? values.map { $0 == 0 ? 0 : 1 } : values))
    case .floats(let values):
      return ONNXConstant(
        shape: given.shape,
        .integers(values.map { isTruth ? ($0 == 0 ? 0 : 1) : Int(clampingTowardZero: $0) }))
    }
  }

  private func chosen() throws -> ONNXConstant {
    let (condition, yes, no) = (try input(0), try input(1), try input(2))
    let zero = Binary(integers: { $0 != 0 ? $1 : 0 }, floats: { $0 != 0 ? $1 : 0 })
    let isOff = Binary(integers: { a, _ in a == 0 ? 1 : 0 }, floats: { a, _ in a == 0 ? 1 : 0 })
    let rest = try combine(combine(condition, condition, isOff), no, zero)
    return try combine(
      combine(condition, yes, zero), rest, Binary(integers: { $0 &+ $1 }, floats: { $0 + $1 }))
  }
}

/// Arithmetic on pairs of known numbers.
extension ONNXFolding {
  /// Sums and multiples of places that grow from sample to sample; `nil` where the inputs do not.
  private func sumOfPlaces() throws -> ONNXConstant? {
    guard inputs.count == 2, let left = inputs[0], let right = inputs[1],
      left.sampleStep != 0 || right.sampleStep != 0
    else { return nil }
    let steps = (left.sampleStep, right.sampleStep)
    let step: Int
    switch reader.node.opType {
    case "Add": step = steps.0 &+ steps.1
    case "Sub": step = steps.0 &- steps.1
    case "Mul" where steps.1 == 0 && right.numbers.count == 1: step = steps.0 &* (right.integers?[0] ?? 0)
    case "Mul" where steps.0 == 0 && left.numbers.count == 1: step = steps.1 &* (left.integers?[0] ?? 0)
    default: return nil
    }
    let sum = try combine(left, right, Self.binary[reader.node.opType]!)
    return ONNXConstant(shape: sum.shape, sum.numbers, sampleStep: step)
  }

  struct Binary: Sendable {
    let integers: @Sendable (Int, Int) -> Int
    let floats: @Sendable (Float, Float) -> Float
  }

  static let binary: [String: Binary] = [
    "Add": Binary(integers: { $0 &+ $1 }, floats: { $0 + $1 }),
    "Sub": Binary(integers: { $0 &- $1 }, floats: { $0 - $1 }),
    "Mul": Binary(integers: { $0 &* $1 }, floats: { $0 * $1 }),
    "Div": Binary(
      integers: { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }, floats: { $0 / $1 }),
    "Mod": Binary(integers: { flooredRemainder($0, $1) }, floats: { fmodf($0, $1) }),
    "Pow": Binary(
      integers: { Int(clampingTowardZero: powf(Float($0), Float($1))) }, floats: { powf($0, $1) }),
    "Equal": Binary(integers: { $0 == $1 ? 1 : 0 }, floats: { $0 == $1 ? 1 : 0 }),
    "Less": Binary(integers: { $0 < $1 ? 1 : 0 }, floats: { $0 < $1 ? 1 : 0 }),
    "Greater": Binary(integers: { $0 > $1 ? 1 : 0 }, floats: { $0 > $1 ? 1 : 0 }),
    "And": Binary(integers: { $0 != 0 && $1 != 0 ? 1 : 0 }, floats: { $0 != 0 && $1 != 0 ? 1 : 0 }),
    "Or": Binary(integers: { $0 != 0 || $1 != 0 ? 1 : 0 }, floats: { $0 != 0 || $1 != 0 ? 1 : 0 }),
  ]

  /// The remainder with the divisor's sign.
  fileprivate static func flooredRemainder(_ number: Int, _ divisor: Int) -> Int {
    guard divisor != 0, divisor != -1 else { return 0 }
    let rest = number % divisor
    return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest
  }

  static let unary: [String: @Sendable (Float) -> Float] = [
    "Sqrt": { $0.squareRoot() }, "Reciprocal": { 1 / $0 }, "Floor": { $0.rounded(.down) },
    "Exp": { expf($0) },
    "Ceil": { $0.rounded(.up) }, "Log": { logf($0) },
  ]

  private func combine(_ a: ONNXConstant, _ b: ONNXConstant, _ operation: Binary) throws -> ONNXConstant {
    guard let shape = broadcastShape(a.shape, b.shape) else {
      throw CodecError(.data, "shapes \(batchText(a.shape)) and \(batchText(b.shape)) do not fit each other")
    }
    try checkSize(shape)
    let stored = perSample(shape)
    let (left, right) = (
      Self.places(of: perSample(a.shape), in: stored), Self.places(of: perSample(b.shape), in: stored)
    )
    if let x = a.integers, let y = b.integers {
      return ONNXConstant(shape: shape, .integers(zip(left, right).map { operation.integers(x[$0], y[$1]) }))
    }
    let (x, y) = (a.floats, b.floats)
    let isTruth = ["Equal", "Less", "Greater"].contains(reader.node.opType)
    let results = zip(left, right).map { operation.floats(x[$0], y[$1]) }
    return ONNXConstant(shape: shape, isTruth ? .integers(results.map { Int($0) }) : .floats(results))
  }

  /// For each number of `target` the place in `shape` that is repeated there.
  static func places(of shape: [Int], in target: [Int]) -> [Int] {
    let padded = Array(repeating: 1, count: target.count - shape.count) + shape
    return places(
      zip(IndexMap.offsets(ofShape: padded), target).map { offsets, length in
        offsets.count == length ? offsets : Array(repeating: 0, count: length)
      })
  }

  /// Places by what each step along each axis adds.
  static func places(_ axes: [[Int]]) -> [Int] {
    axes.reduce([0]) { bases, axis in bases.flatMap { base in axis.map { base + $0 } } }
  }
}

extension Int {
  /// The number without its fraction; the nearest representable one where it is too large, 0 for NaN.
  init(clampingTowardZero value: Float) {
    if value.isNaN {
      self = 0
    } else {
      self = Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : .min)
    }
  }
}
