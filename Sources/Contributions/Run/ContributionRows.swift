import Numerics

/// What a run keeps of some samples, in order: rows of the result file's datasets.
struct ContributionRows: Sendable {
  /// Sample ids.
  var samples: [Int] = []
  /// `[sample, unit]`.
  var output: [Float] = []
  var target: [Double] = []
  var targetBaseline: [Double] = []
  var steps: [Int] = []
  var converged: [Bool] = []
  var layers: [LayerRows]
  /// Unreduced maps of the samples picked, by layer.
  var maps: [(sample: Int, layers: [[Float]])] = []

  init(layers: Int) { self.layers = Array(repeating: LayerRows(), count: layers) }

  /// Adds what a plan computed for further samples.
  /// - Parameters:
  ///   - picked: samples whose maps are kept.
  mutating func append(_ block: ContributionBlock, of plan: ContributionPlan, picked: Set<Int>) throws {
    let part = block.targets[0]
    let sums = try block.sums(on: plan)
    let gaps = block.completeness(sums: sums, on: plan)
    samples += block.samples
    output += block.output.elements.map { Float($0) }
    target += part.values
    targetBaseline += part.baselineValues
    steps += block.steps
    converged += block.converged
    for index in layers.indices {
      layers[index].contributions.append(sums[index])
      layers[index].activations.append(block.activations[index])
      if !part.gradients.isEmpty { layers[index].gradients.append(part.gradients[index]) }
      layers[index].append(gaps[index] ?? [], of: sums[index])
    }
    for (place, sample) in block.samples.enumerated() where picked.contains(sample) {
      maps.append(
        (
          sample,
          zip(plan.taps, part.maps).map { tap, map in
            Array(map[place * tap.units..<(place + 1) * tap.units])
          }
        ))
    }
  }
}

/// One layer's part of some rows.
struct LayerRows: Sendable {
  /// Rows of signed channel sums, `[sample, channel]`.
  struct Sums: Sendable {
    var negative: [Float] = []
    var positive: [Float] = []
    /// Both signs together.
    var plain: [Float] = []

    mutating func append(_ sums: ChannelSums) {
      negative += sums.negative.elements.map { Float($0) }
      positive += sums.positive.elements.map { Float($0) }
      plain += zip(sums.negative.elements, sums.positive.elements).map { Float($0 + $1) }
    }
  }

  var contributions = Sums()
  var activations = Sums()
  var gradients = Sums()
  /// Σ C − (T(x) − T(x0)); empty where the layer is no full cut.
  var completeness: [Double] = []
  /// The same over Σ|C|; 0 where nothing contributes.
  var relativeCompleteness: [Double] = []

  fileprivate mutating func append(_ gaps: [Double], of sums: ChannelSums) {
    completeness += gaps
    relativeCompleteness += zip(gaps, sums.magnitudes).map { $1 > 0 ? $0 / $1 : 0 }
  }
}
