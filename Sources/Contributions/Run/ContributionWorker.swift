import Networks
import Numerics
import Runtime

/// What a run has decided before its first pass.
struct ContributionJob: Sendable {
  let input: ContributionInput
  var options: ContributionOptions
  let taps: [Tap]
  let target: any Target
  /// The samples wanted, in order.
  let samples: [Int]
  /// Rows of `samples` whose maps are kept, as asked for.
  let pickedRows: [Int]

  /// Whether passes start at the stimulus instead of the first layer.
  func startsAtStimulus(_ method: ContributionMethod) -> Bool {
    method.needsStimulus || taps.contains { $0.name == input.model.network.input }
  }
}

/// One thread's plans. Belongs to the thread.
final class ContributionWorker {
  /// Samples whose path points are packed into batches together.
  static let samplesAtATime = 48
  /// Path points of one pass: where memory allows whole vectors of 16.
  private static func rows(_ network: Network, taps: [Tap]) -> Int {
    min(max(rowMemory / network.memoryPerSample(taps: taps.map(\.name)), 4), 64)
  }
  /// Numbers that the rows of one pass may take, about 0.5 GB.
  private static let rowMemory = 128_000_000

  private let job: ContributionJob
  private let stimuli: StimulusPlan
  private let plan: ContributionPlan
  private let samplesAtATime: Int
  private let picked: Set<Int>

  init(
    _ job: ContributionJob, method: ContributionMethod,
    samplesAtATime: Int = ContributionWorker.samplesAtATime
  )
    throws
  {
    self.job = job
    self.samplesAtATime = min(samplesAtATime, SampleBlock.size(of: job.input.series))
    let (input, options) = (job.input, job.options)
    stimuli = try StimulusPlan(
      model: input.model, series: input.series, startsAtStimulus: job.startsAtStimulus(method),
      maxWindows: SampleBlock.size(of: input.series))
    plan = try ContributionPlan(
      network: stimuli.network, taps: job.taps, method: method, baseline: try stimuli.baseline(),
      maxSamples: self.samplesAtATime, rows: Self.rows(stimuli.network, taps: job.taps),
      precision: options.precision)
    plan.sampleName = input.name(ofSample:)
    picked = Set(job.pickedRows.map { job.samples[$0] })
  }

  /// Which library computes which node, for provenance.
  var backends: [String: String] {
    var backends = plan.backends
    if let first = stimuli.backend { backends["first layer"] = first }
    return backends
  }

  /// Everything a run keeps of a block's samples.
  func rows(of block: SampleBlock) throws -> ContributionRows {
    var rows = ContributionRows(layers: job.taps.count)
    try stimuli.forEachBatch(of: block, size: samplesAtATime) { samples, inputs in
      let part = try plan.contributions(
        to: [job.target], inputs: inputs, samples: samples,
        labels: job.input.labels.map { labels in samples.map { labels[$0] } },
        includesGradients: job.options.includesGradients)
      try rows.append(part, of: plan, picked: picked)
    }
    return rows
  }

  /// Each target's contributions summed over a block's samples: by layer, `[target, channel]`.
  func sums(of block: SampleBlock, targets: [any Target]) throws -> [ChannelSums] {
    var totals = job.taps.map { ChannelSums(rows: targets.count, channels: $0.channels) }
    try stimuli.forEachBatch(of: block, size: samplesAtATime) { samples, inputs in
      let part = try plan.contributions(to: targets, inputs: inputs, samples: samples)
      for target in targets.indices {
        for (index, sums) in try part.sums(ofTarget: target, on: plan).enumerated() {
          totals[index].add(rowsOf: sums, toRow: target)
        }
      }
    }
    return totals
  }
}

extension ChannelSums {
  /// Adds every row of other sums to one row of these.
  mutating func add(rowsOf other: ChannelSums, toRow row: Int) {
    for sample in 0..<other.negative.rows {
      for channel in 0..<negative.columns {
        negative[row, channel] += other.negative[sample, channel]
        positive[row, channel] += other.positive[sample, channel]
      }
    }
  }

  /// Adds sums of the same shape.
  mutating func add(_ other: ChannelSums) {
    for index in negative.elements.indices {
      negative.elements[index] += other.negative.elements[index]
      positive.elements[index] += other.positive.elements[index]
    }
  }

  /// Divides everything.
  mutating func divide(by divisor: Double) {
    for index in negative.elements.indices {
      negative.elements[index] /= divisor
      positive.elements[index] /= divisor
    }
  }
}
