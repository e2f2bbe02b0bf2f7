import Numerics
import Runtime

/// One kind of computation of a network, with its parameters: a convolution, a norm, a nonlinearity.
///
/// Each operator lives in a file of its own with its shape rule and its compiled form: forward, reverse
/// (vector–Jacobian product) and tangent (Jacobian–vector product). All shapes are per sample; the batch is
/// always the first axis of the buffers.
public protocol Operator: Sendable {
  /// The operator's name in errors and provenance, such as "convolution".
  var kind: String { get }

  /// Whether the output is an affine function of the inputs, so that it is affine along a straight path.
  var isAffine: Bool { get }

  /// Whether no output is ever negative.
  var isNonnegative: Bool { get }

  /// The per-sample shape of the output for the given input shapes.
  /// - Throws: `CodecError` of kind `data` with expected and found shapes.
  func outputShape(of inputs: [[Int]]) throws -> [Int]

  /// Prepares execution for at most `batch` samples: packs weights, chooses a backend, reserves scratch.
  func compile(inputShapes: [[Int]], batch: Int) throws -> any CompiledOperator

  /// Prepares execution for one plan, with what its operators share; as the other `compile` unless there is something
  /// to gain.
  func compile(inputShapes: [[Int]], workspace: PlanWorkspace) throws -> any CompiledOperator

  /// Prepares execution on images kept as `[y, x, channel]`: inputs with three axes and an output with three are;
  /// shapes are given as ever, `[channel, y, x]`. `nil` where it works on plain images alone.
  func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws -> (any CompiledOperator)?

  /// Whether it is faster on images kept as `[y, x, channel]`, so that plain ones are turned for it.
  var prefersChannelsLast: Bool { get }

  /// Whether derivatives need the inputs of the forward pass.
  var derivativesReadInputs: Bool { get }

  /// Whether derivatives need the output of the forward pass.
  var derivativesReadOutput: Bool { get }

  /// One operator that does this one and then `next`, where that is faster; `nil` where there is none. It reads this
  /// one's inputs, then the others of `next`.
  func fused(with next: any Operator) -> (any Operator)?
}

/// An operator that treats every number alike and alone, so that it does not matter how images are kept.
public protocol PointwiseOperator: Operator {}

extension PointwiseOperator {
  /// The same on every layout.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  { try compile(inputShapes: inputShapes, workspace: workspace) }
}

extension Operator {
  /// Outputs may have any sign, unless the operator says otherwise.
  public var isNonnegative: Bool { false }

  /// The same for every plan, unless the operator says otherwise.
  public func compile(inputShapes: [[Int]], workspace: PlanWorkspace) throws -> any CompiledOperator {
    try compile(inputShapes: inputShapes, batch: workspace.batch)
  }

  /// Plain images alone, unless the operator says otherwise.
  public func compileChannelsLast(inputShapes: [[Int]], workspace: PlanWorkspace) throws
    -> (any CompiledOperator)?
  { nil }

  /// Any layout it can, unless the operator says otherwise.
  public var prefersChannelsLast: Bool { false }

  /// Affine operators have constant derivatives; others need everything unless they say otherwise.
  public var derivativesReadInputs: Bool { !isAffine }

  /// Affine operators have constant derivatives; others need everything unless they say otherwise.
  public var derivativesReadOutput: Bool { !isAffine }

  /// Nothing to join, unless the operator says otherwise.
  public func fused(with next: any Operator) -> (any Operator)? { nil }
}

/// Where a gradient goes.
public struct GradientSink {
  /// The gradient buffer `[batch, per-sample shape]` of the tensor read.
  public let buffer: UnsafeMutablePointer<Float>
  /// Whether another reader of the tensor already wrote its part, so that this one adds to it.
  public let adds: Bool

  /// A sink that adds to `buffer`, or replaces what it holds.
  public init(buffer: UnsafeMutablePointer<Float>, adds: Bool) {
    self.buffer = buffer
    self.adds = adds
  }
}

/// An operator made ready for one plan: raw buffers `[batch, per-sample shape]`, one thread.
///
/// It keeps no memory of a pass: reverse and tangent get the inputs and output of the last forward pass.
public protocol CompiledOperator: AnyObject {
  /// What computes it, such as "openblas", for provenance; `nil` where there is only one way.
  var backend: String? { get }

  /// Computes the output of the first `samples` samples.
  func forward(samples: Int, inputs: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>) throws

  /// Pulls the output's gradient back to each input with a sink (`nil`: not wanted).
  func reverse(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradients: [GradientSink?]) throws

  /// Pushes the inputs' tangents forward to the output's.
  func tangent(
    samples: Int, inputs: [UnsafePointer<Float>], output: UnsafePointer<Float>,
    inputTangents: [UnsafePointer<Float>], outputTangent: UnsafeMutablePointer<Float>) throws
}

extension CompiledOperator {
  /// No choice of backends, unless the operator says otherwise.
  public var backend: String? { nil }
}

/// Number of elements of one sample of the given shape.
func elementCount(_ shape: some Collection<Int>) -> Int { shape.reduce(1, *) }

/// A shape as messages show it, such as `8×36×36`.
func shapeText(_ shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
}

/// One entry for each of the axes `[channel, y, x]` in the order `[y, x, channel]`.
func channelsLast<Entry>(_ entries: [Entry]) -> [Entry] { [entries[1], entries[2], entries[0]] }

extension Operator {
  /// The single input's shape.
  func onlyInput(_ inputs: [[Int]]) throws -> [Int] {
    guard inputs.count == 1 else {
      throw CodecError(.data, "\(kind) takes one input, found \(inputs.count)")
    }
    return inputs[0]
  }

  /// The error for an input whose shape does not fit.
  func shapeError(expected: String, found: [Int]) -> CodecError {
    CodecError(.data, "\(kind) expects an input of shape \(expected), found \(shapeText(found))")
  }
}
