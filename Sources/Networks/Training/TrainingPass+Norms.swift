import CKernels

extension TrainingPass {
  /// Which groups of units a norm treats at once: `count` groups of `run` units.
  private func groups(_ layer: Int) -> (count: Int, run: Int) {
    guard layer < stack.layers.count else { return (stack.outputs, 1) }
    let count = stack.normCount(layer)
    return (count, stack.units(after: layer) / count)
  }

  /// Calls `body(norm, first group, groups, first unit)` for parts of a layer's norm, on all threads.
  private func forEachPart(
    _ layer: Int, _ body: @escaping @Sendable (codec_tile_norm, Range<Int>, Int) -> Void
  ) throws {
    let (count, run) = groups(layer)
    let part = max(1, 64 / run)
    let norm = codec_tile_norm(
      tiles: tiles, stride: before[layer].stride, run: run, epsilon: stack.epsilon)
    _ = try team.map(0..<(count + part - 1) / part) { _, index in
      let range = index * part..<min((index + 1) * part, count)
      body(norm, range, range.lowerBound * run)
    }
  }

  /// A layer's values after its norm, noise and rectifier, with the batch's own moments.
  func normalise(_ network: TrainableNetwork, _ layer: Int, hasNoise: Bool) throws {
    let places = NormPlaces(self, layer)
    let isHidden = layer < stack.layers.count
    let moments = SharedNumbers(count: self.moments.count)
    try forEachPart(layer) { [self] norm, range, unit in
      var norm = norm
      let mean = moments.at(places.mean + range.lowerBound)
      let variance = moments.at(places.variance + range.lowerBound)
      codec_tile_moments(&norm, range.count, before[layer].at(unit: unit), mean, variance)
      network.parameters.withUnsafeBufferPointer { parameters in
        codec_tile_normalise(
          &norm, range.count, before[layer].at(unit: unit), mean, variance,
          parameters.baseAddress! + places.scale + range.lowerBound,
          parameters.baseAddress! + places.shift + range.lowerBound,
          hasNoise ? UnsafePointer(noise[layer].at(unit: unit)) : nil, isHidden ? 1 : 0,
          after[layer].at(unit: unit))
      }
    }
    let count = groups(layer).count
    for start in [places.mean, places.variance] {
      for index in start..<start + count { self.moments[index] = moments.at(index).pointee }
    }
  }

  /// A layer's slopes after its norm become those before it.
  func normaliseReverse(_ network: TrainableNetwork, _ layer: Int, activity: Float) throws {
    let places = NormPlaces(self, layer)
    let isHidden = layer < stack.layers.count
    let slopeSums = SharedNumbers(count: gradient.count)
    let moments = moments
    try forEachPart(layer) { [self] norm, range, unit in
      var norm = norm
      network.parameters.withUnsafeBufferPointer { parameters in
        moments.withUnsafeBufferPointer { moments in
          codec_tile_normalise_reverse(
            &norm, range.count, before[layer].at(unit: unit), after[layer].at(unit: unit),
            moments.baseAddress! + places.mean + range.lowerBound,
            moments.baseAddress! + places.variance + range.lowerBound,
            parameters.baseAddress! + places.scale + range.lowerBound, isHidden ? 1 : 0, activity,
            slopes[layer].at(unit: unit), slopeSums.at(places.scale + range.lowerBound),
            slopeSums.at(places.shift + range.lowerBound))
        }
      }
    }
    let count = groups(layer).count
    for start in [places.scale, places.shift] {
      for index in start..<start + count { gradient[index] = slopeSums.at(index).pointee }
    }
  }
}

/// Where the numbers of a layer's norm begin in the flat arrays.
struct NormPlaces {
  let scale: Int
  let shift: Int
  let mean: Int
  let variance: Int

  init(_ pass: TrainingPass, _ layer: Int) {
    let name = "bn\(layer + 1)"
    scale = pass.ranges.parameters["\(name).weight"]!.lowerBound
    shift = pass.ranges.parameters["\(name).bias"]!.lowerBound
    mean = pass.ranges.statistics["\(name).running_mean"]!.lowerBound
    variance = pass.ranges.statistics["\(name).running_var"]!.lowerBound
  }
}

/// Numbers that several threads write, each its own.
private final class SharedNumbers: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Float>
  init(count: Int) { memory = allocateAligned(count) }
  deinit { memory.deallocate() }
  func at(_ index: Int) -> UnsafeMutablePointer<Float> { memory.baseAddress! + index }
}
