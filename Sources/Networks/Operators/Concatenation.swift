import Numerics
import Runtime

/// Tensors joined along an axis, among them constants such as a class token.
public struct Concatenation: Operator {
  /// What is joined, in order.
  public enum Part: Sendable {
    /// The operator's next input.
    case input
    /// A constant of one sample's shape.
    case constant(Tensor)
  }

  /// The axis along which parts follow each other, batch axis not counted.
  public let axis: Int
  /// What is joined.
  public let parts: [Part]

  /// - Parameters:
  ///   - parts: at least one of them an input.
  public init(axis: Int, parts: [Part]) { (self.axis, self.parts) = (axis, parts) }

  /// Some inputs, one after another.
  public init(axis: Int, inputs: Int) { self.init(axis: axis, parts: (0..<inputs).map { _ in .input }) }

  /// The operator's name in messages.
  public var kind: String { "concatenation" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape of every part.
  private func shapes(_ inputs: [[Int]]) throws -> [[Int]] {
    var rest = inputs[...]
    let shapes = parts.map { part in
      switch part {
      case .input: rest.popFirst()
      case .constant(let tensor): tensor.shape
      }
    }
    guard rest.isEmpty, !inputs.isEmpty, !shapes.contains(nil) else {
      throw CodecError(.data, "\(kind) of \(parts.count) parts does not fit \(inputs.count) inputs")
    }
    return shapes.compactMap(\.self)
  }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let shapes = try shapes(inputs)
    var result = shapes[0]
    guard result.indices.contains(axis) else {
      throw shapeError(expected: "with an axis \(axis)", found: result)
    }
    for shape in shapes.dropFirst() {
      var alike = shape
      if alike.indices.contains(axis) { alike[axis] = shapes[0][axis] }
      guard alike == shapes[0] else {
        throw shapeError(expected: "like \(shapeText(shapes[0]))", found: shape)
      }
      result[axis] += shape[axis]
    }
    return result
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let output = try outputShape(of: inputShapes)
    var background: [Float]?
    var maps: [IndexMap] = []
    var start = 0
    for (part, shape) in zip(parts, try shapes(inputShapes)) {
      var axes: [[Int?]] = IndexMap.offsets(ofShape: shape)
      axes[axis] = nothing(start) + axes[axis] + nothing(output[axis] - start - shape[axis])
      let map = IndexMap(axes: axes)
      switch part {
      case .input: maps.append(map)
      case .constant(let tensor):
        var numbers = background ?? [Float](repeating: 0, count: elementCount(output))
        for run in map.runs {
          for index in 0..<run.count {
            numbers[run.to + index] = tensor.elements[run.from + index * run.step]
          }
        }
        background = numbers
      }
      start += shape[axis]
    }
    return CompiledMovement(
      maps: maps, inputShapes: inputShapes, outputShape: output, background: background)
  }

  private func nothing(_ count: Int) -> [Int?] { Array(repeating: nil, count: count) }
}
