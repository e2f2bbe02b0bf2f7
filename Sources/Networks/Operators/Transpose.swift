import Runtime

/// The same numbers with their axes in another order.
public struct Transpose: Operator {
  /// For each output axis the input axis it is, batch axis not counted.
  public let axes: [Int]

  /// - Parameters:
  ///   - axes: for each output axis the input axis it is.
  /// - Throws: `CodecError` of kind `data` where `axes` is no permutation.
  public init(axes: [Int]) throws {
    guard axes.sorted() == Array(axes.indices) else {
      throw CodecError(.data, "a transpose's axes \(axes) are no permutation")
    }
    self.axes = axes
  }

  /// The operator's name in messages.
  public var kind: String { "transpose" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.count == axes.count else { throw shapeError(expected: "\(axes.count) axes", found: input) }
    return axes.map { input[$0] }
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let offsets = IndexMap.offsets(ofShape: inputShapes[0])
    return CompiledMovement(
      maps: [IndexMap(axes: axes.map { offsets[$0] })], inputShapes: inputShapes,
      outputShape: try outputShape(of: inputShapes))
  }
}
