import CKernels

extension TrainingPass {
  /// The gradient of every parameter from the last layer's slopes.
  func backward(_ network: TrainableNetwork, _ penalties: TrainingPenalties) throws {
    let last = stack.layers.count
    try normaliseReverse(network, last, activity: 0)
    try denseReverse(network)
    for layer in stack.layers.indices.reversed() {
      let activity = Float(penalties.activity / Double(batch * stack.units(after: layer)))
      try normaliseReverse(network, layer, activity: activity)
      let place = ranges.parameters["conv\(layer + 1).weight"]!.lowerBound
      _ = try team.map(0..<tiles) { [self] scratch, tile in
        let source = layer == 0 ? input : after[layer - 1]
        let slopes = slopes[layer].at(tile: tile)
        convolutions[layer].slopes(
          input: source.at(tile: tile), gradient: slopes, scratch: scratch, to: parts[tile].at() + place)
        guard layer > 0 else { return }
        convolutions[layer].applyTransposed(
          slopes, to: self.slopes[layer - 1].at(tile: tile), scratch: scratch)
      }
    }
    sumParts(network, decay: 2 * Float(penalties.weights))
  }

  private func denseReverse(_ network: TrainableNetwork) throws {
    let (last, outputs, features) = (stack.layers.count, stack.outputs, stack.features)
    let place = ranges.parameters["dense.weight"]!.lowerBound
    _ = try team.map(0..<tiles) { [self] scratch, tile in
      let slopes = slopes[last].at(tile: tile)
      codec_dense_columns_gradient(
        outputs, features, tileSamples, slopes, after[last - 1].at(tile: tile), parts[tile].at() + place,
        scratch.outputs.before.at())
      network.parameters.withUnsafeBufferPointer { parameters in
        codec_dense_columns(
          features, outputs, tileSamples, parameters.baseAddress! + place, 1, features, nil, slopes,
          self.slopes[last - 1].at(tile: tile))
      }
    }
  }

  /// Sums the tiles' gradients of all weights, in their order, and adds that of the penalty.
  private func sumParts(_ network: TrainableNetwork, decay: Float) {
    for entry in stack.parameters where entry.shape.count > 1 {
      gradient.withUnsafeMutableBufferPointer { gradient in
        let target = gradient.baseAddress! + entry.range.lowerBound
        for tile in 0..<tiles {
          codec_scaled(
            entry.range.count, 1, parts[tile].at() + entry.range.lowerBound, target, tile > 0 ? 1 : 0)
        }
        network.parameters.withUnsafeBufferPointer { parameters in
          codec_scaled(entry.range.count, decay, parameters.baseAddress! + entry.range.lowerBound, target, 1)
        }
      }
    }
  }
}
