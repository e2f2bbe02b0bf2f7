import CKernels
import Numerics
import Runtime

/// Runs a network over batches of windows: the loss and its gradient with the batch's own statistics, or predictions
/// with the running ones.
///
/// Convolutions are products of spectra: the movie's frames are transformed once and for all, so that the first layer of a
/// window is a sum over its frames, frequency by frequency. Threads share a batch by tiles of sixteen samples, and sums over
/// samples by frequencies or in the tiles' order, so results do not depend on the number of threads.
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
  let convolutions: [TrainedConvolution]
  let dense: TrainedDense
  let norms: [TrainedNorm]
  /// Each layer's numbers before its norm, after it, and slopes, `[sample][unit]`; the dense layer's last.
  let before: [SharedFloats]
  let after: [SharedFloats]
  let slopes: [SharedFloats]
  /// Where the numbers of each convolution, and of each norm, are in the flat arrays.
  let weights: [Range<Int>]
  let places: [NormPlaces]

  /// - Parameters:
  ///   - batch: samples of a batch, a multiple of 16.
  /// - Throws: what starting threads throws.
  public init(_ stack: ConvolutionalStack, batch: Int, threads: Int) throws {
    precondition(batch > 0 && batch % tileSamples == 0)
    (self.stack, self.batch) = (stack, batch)
    let tiles = batch / tileSamples
    self.tiles = tiles
    let convolutions = stack.layers.indices.map { TrainedConvolution(stack, layer: $0, samples: batch) }
    let dense = TrainedDense(stack, samples: batch)
    (self.convolutions, self.dense) = (convolutions, dense)
    team = try WorkerTeam(count: threads) { _ in TileScratch(convolutions, outputs: dense.width) }
    let outputs = convolutions.map(\.output)
    norms =
      outputs.map { TrainedNorm(stack, $0, tiles: tiles) } + [
        TrainedNorm(
          width: dense.width, rows: tileSamples, tiles: tiles, columns: Array(0..<stack.outputs),
          epsilon: stack.epsilon)
      ]
    func buffers() -> [SharedFloats] {
      (outputs.map(\.count) + [dense.width]).map { SharedFloats(batch * $0) }
    }
    (before, after, slopes) = (buffers(), buffers(), buffers())
    let (parameters, statistics) = (stack.parameters, stack.statistics)
    weights = parameters.filter { $0.shape.count > 1 }.map(\.range)
    places = NormPlaces.all(stack)
    gradient = Array(repeating: 0, count: parameters.last?.range.upperBound ?? 0)
    moments = Array(repeating: 0, count: statistics.last?.range.upperBound ?? 0)
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
    let frames = try movie.spectra(of: samples)
    let windows = samples.map { frames.place(ofWindowAt: movie.starts[$0]) }
    forward(network, frames, windows, noise: Float(penalties.noise), random: random)
    let value = evaluate(loss, samples, targets)
    backward(network, frames, windows, penalties)
    return value
  }

  /// Takes a network's weights.
  func take(_ network: TrainableNetwork, alsoTurned: Bool) {
    for (norm, places) in zip(norms, places) {
      norm.take(scale: network.parameters[places.scale], shift: network.parameters[places.shift])
    }
    dense.take(network.parameters[weights[weights.count - 1]])
    let parts = convolutions.enumerated().flatMap { layer, convolution in
      (0..<convolution.kernelParts).map { (layer, $0, false) }
        + (0..<(alsoTurned ? convolution.turnedParts : 0)).map { (layer, $0, true) }
    }
    team.forEach(0..<parts.count) { [self] scratch, index in
      let (layer, part, isTurned) = parts[index]
      network.parameters.withUnsafeBufferPointer { parameters in
        let weight = parameters.baseAddress! + weights[layer].lowerBound
        if isTurned {
          convolutions[layer].takeTurned(part: part, of: weight, scratch)
        } else {
          convolutions[layer].take(part: part, of: weight, scratch)
        }
      }
    }
  }

  /// Fills the buffers with a batch, and `moments` with its statistics.
  /// - Parameter windows: where each sample begins in the frames' spectra.
  func forward(
    _ network: TrainableNetwork, _ frames: FrameSpectra, _ windows: [Int], noise: Float, random: RandomStream
  ) {
    take(network, alsoTurned: true)
    for layer in 0...stack.layers.count {
      team.forEach(0..<tiles) { [self] scratch, tile in
        if layer > 0 { rectify(layer - 1, tile, noise: noise, random: random, scratch) }
        let target = before[layer].start + tile * tileSamples * (before[layer].count / batch)
        if layer == stack.layers.count {
          dense.forward(after[layer - 1].start + tile * tileSamples * dense.features, to: target)
        } else {
          convolve(layer, tile, frames, windows, to: target, scratch)
        }
        norms[layer].takeMoments(tile: tile, target)
      }
      norms[layer].combineMoments()
      norms[layer].giveMoments(mean: places[layer].mean, variance: places[layer].variance, to: &moments)
    }
    norms[stack.layers.count].applyToBatch(before[stack.layers.count], to: after[stack.layers.count])
  }

  /// A tile's values of a hidden layer after its norm, noise and rectifier.
  private func rectify(
    _ layer: Int, _ tile: Int, noise: Float, random: RandomStream, _ scratch: TileScratch
  ) {
    let count = tileSamples * convolutions[layer].output.count
    if noise > 0 {
      var stream = random.split(layer).split(tile)
      stream.fillNormal(scratch.noise.start, count: count, standardDeviation: noise)
    }
    norms[layer].apply(
      before[layer].start + tile * count, noise: noise > 0 ? UnsafePointer(scratch.noise.start) : nil,
      rectifies: true, to: after[layer].start + tile * count)
  }

  private func convolve(
    _ layer: Int, _ tile: Int, _ frames: FrameSpectra, _ windows: [Int],
    to target: UnsafeMutablePointer<Float>, _ scratch: TileScratch
  ) {
    let convolution = convolutions[layer]
    let first = tile * tileSamples
    guard layer > 0 else {
      return convolution.forward(
        frames.spectra, places: windows[first..<first + tileSamples], to: target, scratch)
    }
    let spectra = convolution.inputs.from(image: first, groups: convolution.input.groups)
    convolution.circle.transform(
      convolution.input, count: tileSamples, after[layer - 1].start + first * convolution.input.count,
      to: spectra, scratch: scratch.passes.start)
    convolution.forward(spectra, places: convolution.tilePlaces, to: target, scratch)
  }

  /// Targets of a batch, the loss, and its slopes before the output nonlinearity, left in the last layer's `slopes`.
  private func evaluate(_ loss: TrainingLoss, _ samples: ArraySlice<Int>, _ values: [Float]) -> Double {
    let (outputs, last) = (stack.outputs, stack.layers.count)
    let targets = samples.flatMap { values[$0 * outputs..<($0 + 1) * outputs] }
    let z = dense.compact(after[last].start, samples: batch)
    var (rates, slope) = (z, z)
    stack.output.apply(z.count, z, &rates)
    let value = loss.evaluate(z.count, output: rates, target: targets, slopes: &slope)
    stack.output.applySlope(z.count, z, rates, &slope)
    dense.spread(slope, to: slopes[last].start)
    return value
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
