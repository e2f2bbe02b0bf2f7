import Runtime

/// Chosen places of one axis, in any order and as often as wanted.
public struct Gather: Operator {
  /// The axis, batch axis not counted.
  public let axis: Int
  /// The places.
  public let indices: [Int]

  /// The entries `indices` of `axis`.
  public init(axis: Int, indices: [Int]) { (self.axis, self.indices) = (axis, indices) }

  /// The operator's name in messages.
  public var kind: String { "gather" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    var shape = try onlyInput(inputs)
    guard shape.indices.contains(axis), !indices.isEmpty,
      indices.allSatisfy({ $0 >= 0 && $0 < inputs[0][axis] })
    else {
      throw shapeError(expected: "with the places \(indices) on axis \(axis)", found: inputs[0])
    }
    shape[axis] = indices.count
    return shape
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    var axes = IndexMap.offsets(ofShape: inputShapes[0])
    axes[axis] = indices.map { axes[axis][$0] }
    return CompiledMovement(
      maps: [IndexMap(axes: axes)], inputShapes: inputShapes, outputShape: try outputShape(of: inputShapes))
  }
}
