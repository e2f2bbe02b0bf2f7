import CKernels
import Numerics
import Runtime

/// Runs a network over batches of windows: the loss and its gradient with the batch's own statistics, or predictions
/// with the running ones.
///
/// Threads share a batch by tiles of sixteen samples, and norms by units; sums over tiles are in a fixed order, so
/// results do not depend on the number of threads.
public final class TrainingPass: @unchecked Sendable {
  /// The network's shape.
  public let stack: ConvolutionalStack
  /// Samples of a batch.
  public let batch: Int
  /// The gradient of the last batch, in the order of `stack.parameters`.
  public internal(set) var gradient: [Float]
  /// Means and variances (divisor n) of the last batch, in the order of `stack.statistics`.
  public internal(set) var moments: [Float]

  let team: WorkerTeam<TileScratch>
  let tiles: Int
  let ranges: (parameters: [String: Range<Int>], statistics: [String: Range<Int>])
  var convolutions: [TileConvolution]
  let input: TileBuffer
  let before: [TileBuffer]
  let after: [TileBuffer]
  let slopes: [TileBuffer]
  let noise: [TileBuffer]
  let targets: TileBuffer
  /// Each tile's part of the gradient of convolutions and dense layer.
  let parts: [TileBuffer]
  let partLength: Int

  /// - Parameters:
  ///   - batch: samples of a batch, a multiple of 16.
  /// - Throws: what starting threads throws.
  public init(_ stack: ConvolutionalStack, batch: Int, threads: Int) throws {
    precondition(batch > 0 && batch % tileSamples == 0)
    (self.stack, self.batch) = (stack, batch)
    let tiles = batch / tileSamples
    self.tiles = tiles
    team = try WorkerTeam(count: threads) { _ in TileScratch(stack) }
    let (parameters, statistics) = (stack.parameters, stack.statistics)
    ranges = (
      Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.range) }),
      Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0.range) })
    )
    gradient = Array(repeating: 0, count: parameters.last?.range.upperBound ?? 0)
    moments = Array(repeating: 0, count: statistics.last?.range.upperBound ?? 0)
    convolutions = stack.layers.indices.map { TileConvolution(stack, layer: $0) }
    let units = stack.layers.indices.map { stack.units(after: $0) }
    func buffers(_ units: [Int]) -> [TileBuffer] { units.map { TileBuffer(tiles: tiles, units: $0) } }
    input = TileBuffer(tiles: tiles, units: elementCount(stack.input))
    before = buffers(units + [stack.outputs])
    after = buffers(units + [stack.outputs])
    slopes = buffers(units + [stack.outputs])
    noise = buffers(units)
    targets = TileBuffer(tiles: tiles, units: stack.outputs)
    let length = gradient.count
    partLength = length
    parts = (0..<tiles).map { _ in TileBuffer(tiles: 1, units: (length + tileSamples - 1) / tileSamples) }
  }

  /// The forward pass, the loss, and the gradient of the loss with all penalties.
  /// - Parameters:
  ///   - samples: windows of `movie`, `batch` of them.
  ///   - targets: `[window, output]` of the whole movie, in the units of the output.
  ///   - random: the noise of this batch.
  /// - Returns: the mean loss without penalties.
  public func run(
    _ network: TrainableNetwork, movie: MovieWindows, samples: ArraySlice<Int>, targets: [Float],
    loss: TrainingLoss, penalties: TrainingPenalties, random: RandomStream
  ) throws -> Double {
    precondition(samples.count == batch && movie.shape == stack.input)
    try forward(network, movie, samples, noise: Float(penalties.noise), random: random)
    let value = evaluate(loss, samples, targets)
    try backward(network, penalties)
    return value
  }

  func take(_ network: TrainableNetwork) {
    for layer in stack.layers.indices {
      convolutions[layer].take(
        network.parameters[ranges.parameters["conv\(layer + 1).weight"]!], alsoReverse: layer > 0)
    }
  }

  /// Fills the buffers with a batch, and `moments` with its statistics.
  func forward(
    _ network: TrainableNetwork, _ movie: MovieWindows, _ samples: ArraySlice<Int>, noise: Float,
    random: RandomStream
  ) throws {
    take(network)
    for layer in stack.layers.indices {
      _ = try team.map(0..<tiles) { [self] _, tile in
        if layer == 0 {
          let first = samples.startIndex + tile * tileSamples
          movie.gather(samples[first..<first + tileSamples], to: input.at(tile: tile))
        }
        let source = layer == 0 ? input : after[layer - 1]
        convolutions[layer].apply(source.at(tile: tile), to: before[layer].at(tile: tile))
        if noise > 0 {
          var stream = random.split(layer).split(tile)
          let target = self.noise[layer]
          stream.fillNormal(target.at(tile: tile), count: target.stride, standardDeviation: noise)
        }
      }
      try normalise(network, layer, hasNoise: noise > 0)
    }
    let dense = ranges.parameters["dense.weight"]!
    _ = try team.map(0..<tiles) { [self] _, tile in
      network.parameters.withUnsafeBufferPointer { parameters in
        codec_dense_columns(
          stack.outputs, stack.features, tileSamples, parameters.baseAddress! + dense.lowerBound,
          stack.features, 1, nil, after[stack.layers.count - 1].at(tile: tile),
          before[stack.layers.count].at(tile: tile))
      }
    }
    try normalise(network, stack.layers.count, hasNoise: false)
  }

  /// Targets of a batch, the loss, and its slopes before the output nonlinearity, left in the last layer's `slopes`.
  private func evaluate(_ loss: TrainingLoss, _ samples: ArraySlice<Int>, _ values: [Float]) -> Double {
    let (outputs, last) = (stack.outputs, stack.layers.count)
    for (place, sample) in samples.enumerated() {
      let target = targets.at(tile: place / tileSamples) + place % tileSamples
      for output in 0..<outputs { target[output * tileSamples] = values[sample * outputs + output] }
    }
    let count = batch * outputs
    let (z, slope) = (after[last].at(), slopes[last].at())
    let rates = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      stack.output.apply(count, z, buffer.baseAddress!)
      filled = count
    }
    return rates.withUnsafeBufferPointer { rates in
      let value = loss.evaluate(count, output: rates.baseAddress!, target: targets.at(), slopes: slope)
      stack.output.applySlope(count, z, rates.baseAddress!, slope)
      return value
    }
  }
}

extension ConvolutionalStack.Output {
  func apply(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    switch self {
    case .softplus: codec_softplus(count, x, y)
    case .exponential: codec_exponential(count, x, y)
    }
  }

  /// Multiplies slopes by the nonlinearity's own.
  func applySlope(
    _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ slopes: UnsafeMutablePointer<Float>
  ) {
    let given = Array(UnsafeBufferPointer(start: slopes, count: count))
    switch self {
    case .softplus: codec_softplus_slope(count, x, y, given, slopes, 0)
    case .exponential: codec_exponential_slope(count, x, y, given, slopes, 0)
    }
  }
}
