import CKernels
import Numerics

extension TrainingPass {
  /// The network's outputs for some windows with its running statistics, `[window, output]`.
  public func predict(_ network: TrainableNetwork, movie: MovieWindows, samples: [Int]) throws -> [Float] {
    precondition(movie.shape == stack.input)
    take(network)
    let outputs = stack.outputs
    let rows = try team.map(0..<(samples.count + tileSamples - 1) / tileSamples) { [self] scratch, tile in
      let first = tile * tileSamples
      let windows = samples[first..<min(first + tileSamples, samples.count)]
      movie.gather(windows, to: scratch.input.at())
      predictTile(network, scratch)
      let rates = scratch.outputs.before.at()
      stack.output.apply(outputs * tileSamples, scratch.outputs.after.at(), rates)
      return (0..<windows.count * outputs).map { rates[$0 % outputs * tileSamples + $0 / outputs] }
    }
    return rows.flatMap { $0 }
  }

  private func predictTile(_ network: TrainableNetwork, _ scratch: TileScratch) {
    var source = scratch.input
    for (layer, (before, after)) in scratch.layers.enumerated() {
      convolutions[layer].apply(source.at(), to: before.at())
      normaliseTile(network, layer, before, to: after)
      source = after
    }
    network.parameters.withUnsafeBufferPointer { parameters in
      codec_dense_columns(
        stack.outputs, stack.features, tileSamples,
        parameters.baseAddress! + ranges.parameters["dense.weight"]!.lowerBound, stack.features, 1, nil,
        source.at(), scratch.outputs.before.at())
    }
    normaliseTile(network, stack.layers.count, scratch.outputs.before, to: scratch.outputs.after)
  }

  private func normaliseTile(
    _ network: TrainableNetwork, _ layer: Int, _ before: TileBuffer, to after: TileBuffer
  ) {
    let places = NormPlaces(self, layer)
    let count = places.variance - places.mean
    var norm = codec_tile_norm(
      tiles: 1, stride: before.stride, run: before.units / count, epsilon: stack.epsilon)
    network.parameters.withUnsafeBufferPointer { parameters in
      network.statistics.withUnsafeBufferPointer { statistics in
        codec_tile_normalise(
          &norm, count, before.at(), statistics.baseAddress! + places.mean,
          statistics.baseAddress! + places.variance, parameters.baseAddress! + places.scale,
          parameters.baseAddress! + places.shift, nil, layer < stack.layers.count ? 1 : 0, after.at())
      }
    }
  }

  /// Moves running statistics towards the last batch's: `momentum` of the way, variances with divisor n − 1, as
  /// PyTorch's.
  public func settle(_ network: inout TrainableNetwork, momentum: Float) {
    for (index, entry) in stack.statistics.enumerated() {
      let layer = index / 2
      let run = layer < stack.layers.count ? stack.units(after: layer) / stack.normCount(layer) : 1
      let samples = Float(batch * run)
      let factor = entry.name.hasSuffix("var") ? samples / (samples - 1) : 1
      for place in entry.range {
        network.statistics[place] += momentum * (factor * moments[place] - network.statistics[place])
      }
    }
  }

  /// Sets a network's running statistics to those of its batches alone, averaged over `batches` of windows.
  /// - Parameter samples: windows; only whole batches of them are used, at least one.
  public func settle(_ network: inout TrainableNetwork, movie: MovieWindows, over samples: [Int]) throws {
    precondition(samples.count >= batch)
    for (index, start) in stride(from: 0, through: samples.count - batch, by: batch).enumerated() {
      try forward(
        network, movie, samples[start..<start + batch], noise: 0, random: RandomStream(seed: 0))
      settle(&network, momentum: 1 / Float(index + 1))
    }
  }
}
