import CKernels
import Runtime

/// The same numbers under another per-sample shape; without one, flattened to a vector.
public struct Reshape: Operator {
  /// The new per-sample shape; `nil` flattens.
  public let shape: [Int]?

  /// Flattens where `shape` is left out.
  public init(to shape: [Int]? = nil) { self.shape = shape }

  /// The operator's name in messages.
  public var kind: String { "reshape" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard let shape else { return [elementCount(input)] }
    guard elementCount(shape) == elementCount(input) else {
      throw shapeError(expected: "\(elementCount(shape)) numbers", found: input)
    }
    return shape
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledSum(factors: [1], count: elementCount(inputShapes[0]))
  }
}
