/// A scalar of the model's outputs whose value is divided among the hidden units (paper §2).
///
/// Values and gradients are in double precision on one sample's output vector. To add a target, write a type
/// and give it a case and a spelling in ``TargetChoice``.
public protocol Target: Sendable {
  /// The command line's spelling, such as `cell:2`.
  var name: String { get }

  /// T(y) as text, stored with results.
  var formula: String { get }

  /// What is added to the value to give the quantity's usual definition but has no gradient (surprisal's
  /// normalising term, in nats); 0 for most targets.
  var constant: Double { get }

  /// The unit of the value, given the unit of the outputs.
  func unit(ofOutputs unit: String) -> String

  /// The target with everything decided that stays fixed along one sample's path: the sample's label, or which
  /// outputs are the largest.
  /// - Parameters:
  ///   - output: the model's output at the sample itself, the end of the path.
  ///   - label: index of the sample's labelled output, if it has one.
  /// - Throws: `CodecError` of kind `usage` when the target needs a label and there is none.
  func settled(at output: [Double], label: Int?) throws -> any Target

  /// Whether ``settled(at:label:)`` may differ from sample to sample.
  var dependsOnSample: Bool { get }

  /// The value at `output`.
  /// - Parameters:
  ///   - output: one sample's outputs.
  ///   - gradient: receives ∂T/∂y; must be as long as `output`.
  func evaluate(_ output: [Double], gradient: inout [Double]) -> Double
}

extension Target {
  /// No constant part.
  public var constant: Double { 0 }

  /// The same unit as the outputs.
  public func unit(ofOutputs unit: String) -> String { unit }

  /// The same for every sample.
  public var dependsOnSample: Bool { false }

  /// Itself: nothing to decide.
  public func settled(at output: [Double], label: Int?) throws -> any Target { self }

  /// The value at `output`, without its gradient.
  public func value(_ output: [Double]) -> Double {
    var gradient = [Double](repeating: 0, count: output.count)
    return evaluate(output, gradient: &gradient)
  }

  /// ∂T/∂y at `output`.
  public func gradient(_ output: [Double]) -> [Double] {
    var gradient = [Double](repeating: 0, count: output.count)
    _ = evaluate(output, gradient: &gradient)
    return gradient
  }
}
