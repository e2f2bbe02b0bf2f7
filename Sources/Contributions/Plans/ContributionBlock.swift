import Numerics
import Runtime

/// What a plan computes for a few samples: outputs, targets and each unit's contributions.
public struct ContributionBlock {
  /// Ids of the samples, for messages and seeds.
  public let samples: [Int]
  /// The model's outputs, `[sample, unit]`.
  public internal(set) var output: Matrix
  /// Sums of each tap's values over space, by tap.
  public internal(set) var activations: [ChannelSums]
  /// One entry a target.
  public internal(set) var targets: [TargetBlock]
  /// Intervals of each sample's path; 0 for methods without a path.
  public internal(set) var steps: [Int]
  /// Whether each sample's completeness gap closed; always true for fixed steps.
  public internal(set) var converged: [Bool]

  /// `[sample, input unit]`.
  let inputs: [Float]
  let labels: [Int]?
  /// Whether gradients at the samples are wanted.
  let includesGradients: Bool
  /// Whether each sample has been run forward, so that its output is known and its targets are settled.
  var isSettled: [Bool]

  init(
    samples: [Int], inputs: [Float], labels: [Int]?, outputs: Int, taps: [Tap], targets: [any Target],
    includesGradients: Bool
  ) {
    self.samples = samples
    self.inputs = inputs
    self.labels = labels
    self.includesGradients = includesGradients
    let sums = taps.map { ChannelSums(rows: samples.count, channels: $0.channels) }
    self.targets = targets.map {
      TargetBlock(target: $0, taps: taps, samples: samples.count, gradients: includesGradients ? sums : [])
    }
    activations = sums
    output = Matrix(rows: samples.count, columns: outputs)
    steps = Array(repeating: 0, count: samples.count)
    converged = Array(repeating: true, count: samples.count)
    isSettled = Array(repeating: false, count: samples.count)
  }

  /// Number of samples.
  public var count: Int { samples.count }
  /// Whether a path's start can be shared by all samples.
  var sharesBaseline: Bool { !targets.contains { $0.target.dependsOnSample } }
}

/// One target's part of a block.
public struct TargetBlock {
  /// The target, before it was settled for each sample.
  public let target: any Target
  /// T(x).
  public internal(set) var values: [Double]
  /// T(x0).
  public internal(set) var baselineValues: [Double]
  /// Contributions by tap, `[sample, unit]`, in the target's unit.
  public internal(set) var maps: [[Float]]
  /// Sums of ∂T/∂h at the samples by sign, by tap; empty unless asked for.
  public internal(set) var gradients: [ChannelSums]

  /// The target as it stands for each sample.
  var settled: [any Target]

  init(target: any Target, taps: [Tap], samples: Int, gradients: [ChannelSums]) {
    (self.target, self.gradients) = (target, gradients)
    settled = Array(repeating: target, count: samples)
    values = Array(repeating: 0, count: samples)
    baselineValues = values
    maps = taps.map { Array(repeating: 0, count: $0.units * samples) }
  }

  /// T(x) − T(x0).
  func change(ofSample sample: Int) -> Double { values[sample] - baselineValues[sample] }
}

/// Sums over space of the negative and of the positive entries, by channel (paper §3: by sign first, then over space).
public struct ChannelSums: Sendable, Equatable {
  /// `[sample, channel]`, never above 0.
  public var negative: Matrix
  /// `[sample, channel]`, never below 0.
  public var positive: Matrix

  /// Zeros.
  init(rows: Int, channels: Int) {
    negative = Matrix(rows: rows, columns: channels)
    positive = negative
  }

  /// The sums of maps `[sample, unit]`.
  init(_ maps: Span<Float>, samples: Int, layout: ChannelLayout) {
    self.init(rows: samples, channels: layout.channels)
    for sample in 0..<samples { replace(sample, by: maps, row: sample, layout: layout) }
  }

  /// Replaces a sample's sums by those of one row of maps `[row, unit]`.
  mutating func replace(_ sample: Int, by maps: Span<Float>, row: Int, layout: ChannelLayout) {
    let sums = layout.signSplit(maps, at: row * layout.units)
    let place = sample * layout.channels..<(sample + 1) * layout.channels
    negative.elements.replaceSubrange(place, with: sums.negative)
    positive.elements.replaceSubrange(place, with: sums.positive)
  }

  /// Sums over all units of each sample.
  var totals: [Double] {
    (0..<negative.rows).map { negative.row($0).reduce(0, +) + positive.row($0).reduce(0, +) }
  }

  /// Σ|·| over all units of each sample.
  var magnitudes: [Double] {
    (0..<negative.rows).map { positive.row($0).reduce(0, +) - negative.row($0).reduce(0, +) }
  }

  /// The first sample with a sum that is not finite.
  var firstNonFiniteSample: Int? {
    (0..<negative.rows).first { row in
      !(negative.row(row).allSatisfy(\.isFinite) && positive.row(row).allSatisfy(\.isFinite))
    }
  }
}
