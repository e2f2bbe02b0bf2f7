import Runtime

/// Some places of some axes, in equal steps; steps may be negative.
public struct Slice: Operator {
  /// The places taken of one axis.
  public struct Range: Sendable, Equatable {
    /// The axis, batch axis not counted.
    public let axis: Int
    /// The first place taken.
    public let start: Int
    /// How many places are taken.
    public let count: Int
    /// From one place to the next; not 0.
    public let step: Int

    /// `count` places from `start` on.
    public init(axis: Int, start: Int, count: Int, step: Int = 1) {
      (self.axis, self.start, self.count, self.step) = (axis, start, count, step)
    }
  }

  /// What is taken; axes without a range are taken whole.
  public let ranges: [Range]

  /// - Parameters:
  ///   - ranges: at most one an axis.
  public init(_ ranges: [Range]) { self.ranges = ranges }

  /// The operator's name in messages.
  public var kind: String { "slice" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    var shape = try onlyInput(inputs)
    for range in ranges {
      guard shape.indices.contains(range.axis), range.count > 0, range.step != 0,
        [range.start, range.start + (range.count - 1) * range.step].allSatisfy({
          $0 >= 0 && $0 < inputs[0][range.axis]
        })
      else {
        throw shapeError(
          expected:
            "with places \(range.start), \(range.start + range.step) … (\(range.count)) on axis \(range.axis)",
          found: inputs[0])
      }
      shape[range.axis] = range.count
    }
    return shape
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    var axes = IndexMap.offsets(ofShape: inputShapes[0])
    for range in ranges {
      axes[range.axis] = (0..<range.count).map { axes[range.axis][range.start + $0 * range.step] }
    }
    return CompiledMovement(
      maps: [IndexMap(axes: axes)], inputShapes: inputShapes, outputShape: try outputShape(of: inputShapes))
  }
}
