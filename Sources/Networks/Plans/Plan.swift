import Numerics
import Runtime

/// The arithmetic a plan runs in.
public enum Precision: String, Sendable, CaseIterable {
  /// Single precision throughout.
  case f32
  /// Convolutions and dense layers multiply numbers rounded to bf16 and add in single precision, in which everything
  /// else is; only on processors that have bf16 arithmetic.
  case bf16
}

/// A network compiled for a largest batch and a set of taps: runs it forward, pulls gradients back to every tap
/// in one pass, pushes tangents forward.
///
/// Belongs to one thread. All memory is reserved at the start and used again by every pass.
///
///     let plan = try Plan(network: network, batch: 21, taps: ["conv1", "conv2"])
///     let rates = try plan.forward(windows)
///     try plan.reverse(rateGradient)
///     let gradient = try plan.gradient(of: "conv1")
public final class Plan {
  /// The network it runs.
  public let network: Network
  /// The largest number of samples of one pass.
  public let batch: Int
  /// The tensors whose values, gradients and tangents can be read. The input is one where it is named.
  public let taps: [String]
  /// The arithmetic.
  public let precision: Precision
  /// What computes each node that several libraries could compute, for provenance.
  public var backends: [String: String] {
    Dictionary(steps.compactMap { step in step.compiled.backend.map { (step.name, $0) } }) { first, _ in first
    }
  }

  let steps: [PlanStep]
  /// Where tensors are that are not plain.
  let places: [String: Place]
  private let counts: [String: Int]
  let values: TensorBuffers
  let gradients: TensorBuffers
  private(set) var tangents: TensorBuffers?
  /// Samples of the last forward pass.
  private(set) var samples = 0
  private(set) var hasGradients = false
  private(set) var hasTangents = false

  /// - Parameters:
  ///   - batch: the largest number of samples a pass takes; path steps ride in it.
  ///   - taps: names of the tensors to read; gradients go no deeper than the deepest of them.
  /// - Throws: `CodecError` of kind `usage` for an unknown tap, listing the tensors.
  public init(network: Network, batch: Int, taps: [String], precision: Precision = .f32) throws {
    precondition(batch > 0)
    for tap in taps { _ = try network.shape(of: tap) }
    (self.network, self.batch, self.taps, self.precision) = (network, batch, taps, precision)
    let program = try PlanProgram(
      network, taps: taps, workspace: PlanWorkspace(batch: batch, precision: precision))
    (steps, places) = (program.steps, program.places)
    let counts = program.shapes.mapValues { elementCount($0) }
    let lifetimes = Lifetimes(program.steps, input: network.input, output: network.output, taps: taps)
    values = TensorBuffers(lifetimes.values, counts: counts, batch: batch)
    gradients = TensorBuffers(lifetimes.gradients, counts: counts, batch: batch)
    self.counts = counts
  }

  /// Runs the network.
  /// - Parameters:
  ///   - input: `[n, input shape…]`, n at most the batch.
  /// - Returns: `[n, output shape…]`.
  /// - Throws: `CodecError` of kind `data` for a wrong shape or where the output is not finite, naming the
  ///   sample.
  public func forward(_ input: Tensor) throws -> Tensor { try forward(input, changing: nil) }

  /// Runs the network as `forward(_:)` does.
  /// - Parameter change: called with the name of each tensor once its values are there and before they are read.
  func forward(_ input: Tensor, changing change: ((String) -> Void)?) throws -> Tensor {
    try check(input, against: network.inputShape, "input")
    store(input, network.input, in: values)
    change?(network.input)
    try run(samples: input.rows, changing: change)
    return try read(network.output, from: values, "value")
  }

  /// Runs the network on what the input's memory holds.
  func run(samples: Int, changing change: ((String) -> Void)? = nil) throws {
    self.samples = samples
    (hasGradients, hasTangents) = (false, false)
    for step in steps {
      try step.compiled.forward(
        samples: samples, inputs: step.inputs.map { values.reading($0) }, output: values[step.output])
      change?(step.output)
    }
  }

  /// The value of a tap in the last forward pass, `[n, shape…]`.
  public func value(of tap: String) throws -> Tensor {
    try checkTap(tap)
    return try read(tap, from: values, "value")
  }

  /// Pulls a gradient with respect to the output of the last forward pass back to every tap, in one pass.
  /// - Parameters:
  ///   - outputGradient: `[n, output shape…]`, n of the forward pass.
  public func reverse(_ outputGradient: Tensor) throws {
    try check(outputGradient, against: network.outputShape, "output gradient")
    try checkSamples(of: outputGradient, "output gradient")
    store(outputGradient, network.output, in: gradients)
    var written: Set = [network.output]
    for step in steps.reversed() where written.contains(step.output) {
      let sinks = step.inputs.map { input -> GradientSink? in
        guard let buffer = gradients.find(input) else { return nil }
        return GradientSink(buffer: buffer, adds: !written.insert(input).inserted)
      }
      guard sinks.contains(where: { $0 != nil }) else { continue }
      try step.compiled.reverse(
        samples: samples, inputs: step.inputs.map { values.reading($0) }, output: values.reading(step.output),
        outputGradient: gradients.reading(step.output), inputGradients: sinks)
    }
    for tap in taps where !written.contains(tap) { gradients.clear(tap, samples: samples) }
    hasGradients = true
  }

  /// The gradient with respect to a tap in the last reverse pass, `[n, shape…]`.
  public func gradient(of tap: String) throws -> Tensor {
    try checkTap(tap)
    precondition(hasGradients, "no reverse pass since the last forward pass")
    return try read(tap, from: gradients, "gradient")
  }

  /// Pushes a tangent of the input of the last forward pass forward (a Jacobian–vector product).
  /// - Parameters:
  ///   - inputTangent: `[n, input shape…]`, n of the forward pass.
  /// - Returns: the output's tangent, `[n, output shape…]`.
  @discardableResult
  public func tangent(_ inputTangent: Tensor) throws -> Tensor {
    try check(inputTangent, against: network.inputShape, "input tangent")
    try checkSamples(of: inputTangent, "input tangent")
    let tangents =
      tangents
      ?? TensorBuffers(
        .forever([network.input] + steps.map(\.output)), counts: counts, batch: batch)
    self.tangents = tangents
    store(inputTangent, network.input, in: tangents)
    for step in steps {
      try step.compiled.tangent(
        samples: samples, inputs: step.inputs.map { values.reading($0) }, output: values.reading(step.output),
        inputTangents: step.inputs.map { tangents.reading($0) }, outputTangent: tangents[step.output])
    }
    hasTangents = true
    return try read(network.output, from: tangents, "tangent")
  }

  /// The tangent of a tap in the last tangent pass, `[n, shape…]`.
  public func tangent(of tap: String) throws -> Tensor {
    try checkTap(tap)
    guard let tangents, hasTangents else {
      preconditionFailure("no tangent pass since the last forward pass")
    }
    return try read(tap, from: tangents, "tangent")
  }
}

extension Plan {
  private func checkTap(_ tap: String) throws {
    guard taps.contains(tap) else { throw CodecError.unknown("tap", tap, valid: taps, at: network.name) }
  }

  private func check(_ tensor: Tensor, against shape: [Int], _ role: String) throws {
    guard Array(tensor.shape.dropFirst()) == shape, tensor.rows > 0, tensor.rows <= batch else {
      throw CodecError(
        .data,
        "the \(role) has shape \(shapeText(tensor.shape)), expected n×\(shapeText(shape)), n ≤ \(batch)",
        at: network.name)
    }
  }

  private func checkSamples(of tensor: Tensor, _ role: String) throws {
    guard tensor.rows == samples else {
      throw CodecError(
        .data, "the \(role) has \(tensor.rows) samples, the last forward pass \(samples)", at: network.name)
    }
  }

  /// Copies a tensor out.
  /// - Throws: `CodecError` of kind `data` naming tensor and sample where a number is not finite.
  private func read(_ tensor: String, from buffers: TensorBuffers, _ role: String) throws -> Tensor {
    let result = load(tensor, from: buffers)
    if let sample = firstNonFiniteRow(result) {
      throw CodecError(
        .data, "the \(role) of \(tensor) is not finite in sample \(sample) of the batch", at: network.name,
        remedy: "look for NaN, infinite or huge numbers in the stimulus and the weights")
    }
    return result
  }
}
