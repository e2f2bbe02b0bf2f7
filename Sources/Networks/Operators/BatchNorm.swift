import Runtime

/// Batch normalisation with settled statistics: an affine map of each channel, or of each unit.
///
/// `y = (x − mean) / √(variance + ε) · scale + shift`. With as many numbers as the input has channels it acts per
/// channel; with as many as it has units it acts per unit.
public struct BatchNorm: Operator {
  /// What each channel or unit is multiplied by: scale / √(variance + ε).
  public let factor: [Float]
  /// What is added then: shift − mean · factor.
  public let offset: [Float]

  /// - Parameters:
  ///   - scale: the learned scale, one number per channel or unit.
  ///   - epsilon: added to the variance.
  /// - Throws: `CodecError` of kind `data` where the lengths differ or a variance is negative.
  public init(scale: [Float], shift: [Float], mean: [Float], variance: [Float], epsilon: Float) throws {
    guard Set([scale.count, shift.count, mean.count, variance.count]).count == 1, !scale.isEmpty else {
      throw CodecError(
        .data,
        "a norm's scale, shift, mean and variance have \(scale.count), \(shift.count), \(mean.count) and "
          + "\(variance.count) numbers, expected as many of each")
    }
    guard variance.allSatisfy({ $0 >= 0 && Double($0) + Double(epsilon) > 0 }) else {
      throw CodecError(.data, "a norm's variance is negative, or zero without an ε")
    }
    let factor = zip(scale, variance).map { Double($0) / (Double($1) + Double(epsilon)).squareRoot() }
    self.factor = factor.map { Float($0) }
    offset = factor.indices.map { Float(Double(shift[$0]) - Double(mean[$0]) * factor[$0]) }
  }

  /// The operator's name in messages.
  public var kind: String { "batch norm" }

  /// Whether the output is affine in the inputs.
  public var isAffine: Bool { true }

  /// The shape rule.
  public func outputShape(of inputs: [[Int]]) throws -> [Int] {
    let input = try onlyInput(inputs)
    guard factor.count == elementCount(input) || factor.count == input.first else {
      throw shapeError(expected: "\(factor.count) channels or \(factor.count) units", found: input)
    }
    return input
  }

  /// Prepares execution on images with the channels last, where it acts per channel.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  {
    guard factor.count == inputShapes[0][0] else { return nil }
    return CompiledAffine(
      factor: factor, offset: offset, shape: [factor.count], rows: elementCount(inputShapes[0].dropFirst()))
  }

  /// Prepares execution.
  public func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator {
    CompiledAffine(factor: factor, offset: offset, shape: inputShapes[0])
  }
}
