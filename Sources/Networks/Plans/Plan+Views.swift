import CKernels
import Numerics

/// Between tensors as shapes say and memory as operators like it.
extension Plan {
  /// Copies rows into a tensor's memory.
  func store(_ source: Tensor, _ tensor: String, in buffers: TensorBuffers) {
    source.elements.withUnsafeBufferPointer {
      turn($0.baseAddress!, to: buffers[tensor], tensor, rows: source.rows, toPlan: true)
    }
  }

  /// Copies a tensor of the last pass out, `[n, shape…]`.
  func load(_ tensor: String, from buffers: TensorBuffers) -> Tensor {
    let shape = network.shapes[tensor]!
    let count = samples * elementCount(shape)
    let elements = [Float](unsafeUninitializedCapacity: count) { target, initialised in
      turn(buffers.reading(tensor), to: target.baseAddress!, tensor, rows: samples, toPlan: false)
      initialised = count
    }
    return Tensor(shape: [samples] + shape, elements: elements)
  }

  /// A tensor's rows from the order of its shape to that of the plan's memory, or back.
  package func turned(_ rows: [Float], of tensor: String, toPlan: Bool) -> [Float] {
    guard places[tensor] == .channelsLast else { return rows }
    return [Float](unsafeUninitializedCapacity: rows.count) { target, initialised in
      rows.withUnsafeBufferPointer {
        turn(
          $0.baseAddress!, to: target.baseAddress!, tensor,
          rows: rows.count / elementCount(network.shapes[tensor]!), toPlan: toPlan)
      }
      initialised = rows.count
    }
  }

  /// How the units of a tensor fall into channels in the plan's memory.
  /// - Parameter layout: how they do in the order of its shape.
  package func layout(of tensor: String, _ layout: ChannelLayout) -> ChannelLayout {
    guard places[tensor] == .channelsLast else { return layout }
    precondition(layout.outer == 1, "channels of \(tensor) are not its first axis")
    return ChannelLayout(shape: [layout.inner, layout.channels], channelAxis: 1)
  }

  private func turn(
    _ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, _ tensor: String, rows: Int, toPlan: Bool
  ) {
    let shape = network.shapes[tensor]!
    guard places[tensor] == .channelsLast else {
      return to.update(from: from, count: rows * elementCount(shape))
    }
    let (channels, pixels) = (shape[0], shape[1] * shape[2])
    codec_turn(rows, toPlan ? channels : pixels, toPlan ? pixels : channels, from, to, 0)
  }
}

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
    return load(network.output, from: values)
  }

  /// Runs the network as `forward` does; the output may hold numbers that are not finite.
  package func forwardUnchecked(_ input: Tensor) throws -> Tensor {
    precondition(
      input.rows > 0 && input.rows <= batch && Array(input.shape.dropFirst()) == network.inputShape)
    store(input, network.input, in: values)
    try run(samples: input.rows)
    return load(network.output, from: values)
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
