import CKernels
import Numerics

extension TrainingPass {
  /// Windows that are predicted at once.
  private static let block = 512

  /// The network's outputs for some windows with its running statistics, `[window, output]`.
  /// - Throws: what reading the movie throws.
  public func predict(_ network: TrainableNetwork, movie: MovieWindows, samples: [Int]) throws -> [Float] {
    precondition(movie.shape == stack.input)
    take(network, alsoTurned: false)
    for (norm, places) in zip(norms, places) {
      norm.use(mean: network.statistics[places.mean], variance: network.statistics[places.variance])
    }
    return try stride(from: 0, to: samples.count, by: Self.block).flatMap { first in
      let block = samples[first..<min(first + Self.block, samples.count)]
      let frames = try movie.spectra(of: block)
      return try predict(frames, block.map { frames.place(ofWindowAt: movie.starts[$0]) })
    }
  }

  private func predict(_ frames: FrameSpectra, _ windows: [Int]) throws -> [Float] {
    let rows = try team.map(0..<(windows.count + tileSamples - 1) / tileSamples) { [self] scratch, tile in
      let first = tile * tileSamples
      let places = (first..<first + tileSamples).map { windows[min($0, windows.count - 1)] }
      predictTile(frames, places, scratch)
      let z = dense.compact(
        scratch.after[stack.layers.count].start, samples: min(tileSamples, windows.count - first))
      var rates = z
      stack.output.apply(z.count, z, &rates)
      return rates
    }
    return rows.flatMap { $0 }
  }

  private func predictTile(_ frames: FrameSpectra, _ windows: [Int], _ scratch: TileScratch) {
    for (layer, convolution) in convolutions.enumerated() {
      let (before, after) = (scratch.before[layer].start, scratch.after[layer].start)
      if layer == 0 {
        convolution.forward(frames.spectra, places: windows[...], to: before, scratch)
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
      let windows = samples[start..<start + batch]
      let frames = try movie.spectra(of: windows)
      forward(
        network, frames, windows.map { frames.place(ofWindowAt: movie.starts[$0]) }, noise: 0,
        random: RandomStream(seed: 0))
      settle(&network, momentum: 1 / Float(index + 1))
    }
  }
}
