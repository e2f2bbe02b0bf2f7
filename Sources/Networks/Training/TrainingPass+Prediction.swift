import CKernels
import Numerics

extension TrainingPass {
  /// The network's outputs for some windows with its running statistics, `[window, output]`.
  public func predict(_ network: TrainableNetwork, movie: MovieWindows, samples: [Int]) throws -> [Float] {
    precondition(movie.shape == stack.input)
    try take(network, alsoTurned: false)
    for (norm, places) in zip(norms, places) {
      norm.use(mean: network.statistics[places.mean], variance: network.statistics[places.variance])
    }
    let rows = try team.map(0..<(samples.count + tileSamples - 1) / tileSamples) { [self] scratch, tile in
      let first = tile * tileSamples
      let windows = (first..<first + tileSamples).map { movie.place(samples[min($0, samples.count - 1)]) }
      predictTile(movie, windows, scratch)
      let z = dense.compact(
        scratch.after[stack.layers.count].start, samples: min(tileSamples, samples.count - first))
      var rates = z
      stack.output.apply(z.count, z, &rates)
      return rates
    }
    return rows.flatMap { $0 }
  }

  private func predictTile(_ movie: MovieWindows, _ windows: [Int], _ scratch: TileScratch) {
    for (layer, convolution) in convolutions.enumerated() {
      let (before, after) = (scratch.before[layer].start, scratch.after[layer].start)
      if layer == 0 {
        convolution.forward(movie.spectra.spectra, places: windows[...], to: before, scratch)
      } else {
        let spectra = Spectra(
          start: scratch.inputs.start,
          frequency: Spectra.stride(images: tileSamples, groups: convolution.input.groups))
        convolution.circle.transform(
          convolution.input, count: tileSamples, scratch.after[layer - 1].start, to: spectra,
          scratch: scratch.passes.start)
        convolution.forward(spectra, places: convolution.tilePlaces, to: before, scratch)
      }
      norms[layer].apply(before, noise: nil, rectifies: true, to: after)
    }
    let last = stack.layers.count
    dense.forward(scratch.after[last - 1].start, to: scratch.before[last].start)
    norms[last].apply(scratch.before[last].start, noise: nil, rectifies: false, to: scratch.after[last].start)
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
        network, movie, samples[start..<start + batch].map { movie.place($0) }, noise: 0,
        random: RandomStream(seed: 0))
      settle(&network, momentum: 1 / Float(index + 1))
    }
  }
}
