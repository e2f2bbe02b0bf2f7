import Runtime

/// More places on either side of axes.
public struct Pad: Operator {
  /// What stands at the new places.
  public enum Mode: Sendable, Equatable {
    /// One number.
    case constant(Float)
    /// The input mirrored at its border, the border itself not repeated.
    case reflect
    /// The border's number.
    case edge
  }

  /// Places before each axis, batch axis not counted.
  public let before: [Int]
  /// Places after each axis.
  public let after: [Int]
  /// What stands there.
  public let mode: Mode

  /// - Parameters:
  ///   - before: one number an axis, 0 or more; so is `after`.
  public init(before: [Int], after: [Int], mode: Mode = .constant(0)) {
    (self.before, self.after, self.mode) = (before, after, mode)
  }

  /// The operator's name in messages.
  public var kind: String { "pad" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard input.count == before.count, input.count == after.count, (before + after).allSatisfy({ $0 >= 0 })
    else { throw shapeError(expected: "\(before.count) axes, padded by 0 or more", found: input) }
    for (length, widest) in zip(input, zip(before, after).map(max)) where mode == .reflect && widest >= length
    {
      throw shapeError(expected: "longer than the \(widest) places it is mirrored over", found: input)
    }
    return input.indices.map { before[$0] + input[$0] + after[$0] }
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    let output = try outputShape(of: inputShapes)
    let offsets = IndexMap.offsets(ofShape: inputShapes[0])
    let axes = offsets.indices.map { axis in
      (-before[axis]..<offsets[axis].count + after[axis]).map { place in
        source(place, length: offsets[axis].count).map { offsets[axis][$0] }
      }
    }
    var background: [Float]?
    if case .constant(let value) = mode, value != 0 {
      background = Array(repeating: value, count: elementCount(output))
    }
    return CompiledMovement(
      maps: [IndexMap(axes: axes)], inputShapes: inputShapes, outputShape: output, background: background)
  }

  /// Prepares execution on images with the channels last: the same with its axes in that order.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  {
    guard inputShapes[0].count == 3 else { return nil }
    let turned = Pad(before: channelsLast(before), after: channelsLast(after), mode: mode)
    return try turned.compile(inputShapes: [channelsLast(inputShapes[0])], batch: workspace.batch)
  }

  /// The place of the input that stands at `place`.
  private func source(_ place: Int, length: Int) -> Int? {
    switch mode {
    case .constant: (0..<length).contains(place) ? place : nil
    case .edge: min(max(place, 0), length - 1)
    case .reflect: place < 0 ? -place : place >= length ? 2 * (length - 1) - place : place
    }
  }
}
