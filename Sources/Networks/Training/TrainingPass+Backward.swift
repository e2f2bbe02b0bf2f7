import CKernels
import Runtime

extension TrainingPass {
  /// The gradient of every parameter from the last layer's slopes.
  /// - Parameter windows: where each sample begins in the frames' spectra.
  func backward(
    _ network: TrainableNetwork, _ frames: FrameSpectra, _ windows: [Int], _ penalties: TrainingPenalties
  ) {
    let last = stack.layers.count
    for tile in 0..<tiles { takeSlopes(last, tile, activity: 0) }
    norms[last].combineSlopes(scale: places[last].scale, shift: places[last].shift, to: &gradient)
    for layer in stride(from: last, through: 0, by: -1) {
      let activity = layer > 0 ? Float(penalties.activity / Double(batch * stack.units(after: layer - 1))) : 0
      team.forEach(0..<tiles) { [self] scratch, tile in
        reverse(layer, tile, scratch)
        if layer > 0 { takeSlopes(layer - 1, tile, activity: activity) }
      }
      guard layer > 0 else { break }
      norms[layer - 1].combineSlopes(
        scale: places[layer - 1].scale, shift: places[layer - 1].shift, to: &gradient)
    }
    correlate(frames, windows)
    giveWeights(network, decay: 2 * Float(penalties.weights))
  }

  private func takeSlopes(_ layer: Int, _ tile: Int, activity: Float) {
    let place = tile * tileSamples * (before[layer].count / batch)
    norms[layer].takeSlopes(
      tile: tile, x: before[layer].start + place,
      rectified: layer < stack.layers.count ? UnsafePointer(after[layer].start + place) : nil,
      activity: activity, slopes[layer].start + place)
  }

  /// A tile's slopes after a layer's norm become those of the layer's inputs.
  private func reverse(_ layer: Int, _ tile: Int, _ scratch: TileScratch) {
    func place(_ layer: Int) -> Int { tile * tileSamples * (before[layer].count / batch) }
    let given = slopes[layer].start + place(layer)
    norms[layer].reverse(x: before[layer].start + place(layer), given)
    let target = layer > 0 ? slopes[layer - 1].start + place(layer - 1) : nil
    if let target, layer == stack.layers.count {
      dense.reverse(given, to: target)
    } else {
      convolutions[layer].reverse(tile: tile, given, to: target, scratch)
    }
  }

  /// Sums over the batch for the slopes of all weights.
  private func correlate(_ frames: FrameSpectra, _ windows: [Int]) {
    let step = 24
    var parts: [(layer: Int, Range<Int>)] = []
    for (layer, convolution) in convolutions.enumerated() {
      for first in stride(from: 0, to: convolution.circle.frequencies, by: step) {
        parts.append((layer, first..<min(first + step, convolution.circle.frequencies)))
      }
    }
    let last = stack.layers.count
    team.forEach(0..<parts.count + dense.parts) { [self, parts] _, index in
      guard index < parts.count else {
        return dense.correlate(part: index - parts.count, after[last - 1].start, slopes[last].start)
      }
      let (layer, frequencies) = parts[index]
      if layer == 0 {
        convolutions[0].correlate(frequencies, frames.spectra, places: windows)
      } else {
        convolutions[layer].correlate(frequencies, convolutions[layer].inputs, places: nil)
      }
    }
  }

  /// The slopes of all weights, each part its own numbers of the gradient.
  private func giveWeights(_ network: TrainableNetwork, decay: Float) {
    let parts = convolutions.indices.flatMap { layer in
      (0..<convolutions[layer].kernelParts).map { (layer, $0) }
    }
    let weightSlopes = SharedFloats(weights[weights.count - 2].upperBound)
    team.forEach(0..<parts.count) { [self] scratch, index in
      let (layer, part) = parts[index]
      network.parameters.withUnsafeBufferPointer { parameters in
        convolutions[layer].give(
          part: part, decay: decay, weight: parameters.baseAddress! + weights[layer].lowerBound,
          to: weightSlopes.start + weights[layer].lowerBound, scratch)
      }
    }
    gradient.withUnsafeMutableBufferPointer { gradient in
      for range in weights.dropLast() {
        (gradient.baseAddress! + range.lowerBound).update(
          from: weightSlopes.start + range.lowerBound, count: range.count)
      }
    }
    let range = weights[weights.count - 1]
    dense.give(decay: decay, weight: network.parameters[range], to: &gradient[range])
  }
}
