import Numerics

/// Passes that work on the plan's own memory: nothing is copied, and nobody looks for numbers that are not finite.
extension Plan {
  /// Runs the network on rows that `write` puts straight into the input's memory.
  /// - Parameters:
  ///   - samples: number of rows, at most the batch.
  ///   - write: fills `[samples, input shape…]`; what it leaves out keeps the numbers of an earlier pass.
  /// - Returns: the output, `[samples, output shape…]`, as it is.
  package func forward(samples: Int, writingInput write: (inout MutableSpan<Float>) throws -> Void) throws
    -> Tensor
  {
    precondition(samples > 0 && samples <= batch)
    let count = samples * elementCount(network.inputShape)
    var input = UnsafeMutableBufferPointer(start: values[network.input], count: count).mutableSpan
    try write(&input)
    try run(samples: samples)
    return values.load(network.output, samples: samples, shape: network.outputShape)
  }

  /// Runs the network as `forward` does; the output may hold numbers that are not finite.
  package func forwardUnchecked(_ input: Tensor) throws -> Tensor {
    precondition(
      input.rows > 0 && input.rows <= batch && Array(input.shape.dropFirst()) == network.inputShape)
    values.store(input, network.input)
    try run(samples: input.rows)
    return values.load(network.output, samples: input.rows, shape: network.outputShape)
  }

  /// Lends a tap's values of the last forward pass, `[n, shape…]`.
  package func withValue<Result>(of tap: String, _ body: (Span<Float>) throws -> Result) rethrows -> Result {
    try lend(tap, from: values, body)
  }

  /// Lends a tap's gradient of the last reverse pass, `[n, shape…]`.
  package func withGradient<Result>(of tap: String, _ body: (Span<Float>) throws -> Result) rethrows -> Result
  {
    precondition(hasGradients, "no reverse pass since the last forward pass")
    return try lend(tap, from: gradients, body)
  }

  /// Lends a tap's tangent of the last tangent pass, `[n, shape…]`.
  package func withTangent<Result>(of tap: String, _ body: (Span<Float>) throws -> Result) rethrows -> Result
  {
    guard let tangents, hasTangents else {
      preconditionFailure("no tangent pass since the last forward pass")
    }
    return try lend(tap, from: tangents, body)
  }

  private func lend<Result>(
    _ tap: String, from buffers: TensorBuffers, _ body: (Span<Float>) throws -> Result
  ) rethrows -> Result {
    precondition(taps.contains(tap), "\(tap) is no tap of this plan")
    let count = samples * elementCount(network.shapes[tap]!)
    return try body(UnsafeBufferPointer(start: buffers.reading(tap), count: count).span)
  }
}
