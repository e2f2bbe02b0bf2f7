import Runtime

/// The input repeated along axes of length 1 and along new leading axes, as NumPy broadcasts.
public struct Broadcast: Operator {
  /// The per-sample shape to reach.
  public let shape: [Int]

  /// Repetition up to `shape`.
  public init(to shape: [Int]) { self.shape = shape }

  /// The operator's name in messages.
  public var kind: String { "broadcast" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard broadcastShape(input, shape) == shape else {
      throw shapeError(expected: "that broadcasts to \(shapeText(shape))", found: input)
    }
    return shape
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledMovement(
      maps: [IndexMap(broadcasting: inputShapes[0], to: shape)], inputShapes: inputShapes, outputShape: shape)
  }
}

/// The shape two per-sample shapes broadcast to, aligned at their last axes; `nil` where they do not fit.
func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
  let rank = max(a.count, b.count)
  let (a, b) = (
    Array(repeating: 1, count: rank - a.count) + a, Array(repeating: 1, count: rank - b.count) + b
  )
  guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
  return zip(a, b).map { $0 == 1 ? $1 : $0 }
}

extension IndexMap {
  /// The repetition of `shape` up to `target`.
  init(broadcasting shape: [Int], to target: [Int]) {
    let padded = Array(repeating: 1, count: target.count - shape.count) + shape
    let offsets = IndexMap.offsets(ofShape: padded)
    self.init(
      axes: zip(offsets, target).map { offsets, length in
        offsets.count == length ? offsets : Array(repeating: 0, count: length)
      })
  }
}
