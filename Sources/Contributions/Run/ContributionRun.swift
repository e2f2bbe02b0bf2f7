import Networks
import Numerics
import Runtime
import Storage
import Stimuli

/// Contributions of a model's layers over a series of stimuli, streamed to `contributions.h5`.
///
///     var options = ContributionOptions()
///     options.layers = ["conv1", "conv2"]
///     let run = try ContributionRun(input: ContributionInput(model: model, series: windows), options: options)
///     let writer = try ResultWriter(path: "contributions.h5", provenance: provenance)
///     try run.write(to: writer)
///
/// Memory does not grow with the number of frames but for the outputs, `[sample, cell]`. Values do not depend on the
/// number of threads, nor on whether the run was interrupted and resumed.
public struct ContributionRun: Sendable {
  /// The model and the stimuli.
  public let input: ContributionInput
  /// What was asked for.
  public let options: ContributionOptions
  /// The layers, resolved.
  public let taps: [Tap]
  /// The target, resolved.
  public let target: TargetChoice
  /// Whether the target is applied to softmax(y), resolved.
  public let appliesSoftmax: Bool
  /// The samples wanted, in order.
  public let samples: [Int]
  /// Rows of ``samples`` whose maps are kept, in order.
  public let pickedRows: [Int]

  /// Checks everything that can be checked before a pass.
  /// - Throws: `CodecError` of kind `usage` for an unknown layer, cell, target or frame and for methods with
  ///   impossible numbers.
  public init(input: ContributionInput, options: ContributionOptions) throws {
    precondition(options.threads > 0)
    self.input = input
    self.options = options
    taps = try options.taps(of: input.model)
    target = try options.target ?? TargetChoice(parsing: input.model.defaultTarget)
    appliesSoftmax = options.appliesSoftmax || options.target == nil && input.model.defaultsToSoftmax
    samples = try options.samples(of: input)
    pickedRows = try options.pickedRows(among: samples, of: input).sorted()
    if !target.needsStatistics { _ = try resolvedTarget(statistics: nil) }
    _ = try options.method.algorithm()
    if let frames = options.perCellFrames, frames < 1 {
      throw CodecError(
        .usage, "each cell's contributions averaged over \(frames) frames", remedy: "give at least one frame")
    }
  }

  /// Number of result rows.
  public var sampleCount: Int { samples.count }

  /// Computes everything that the writer does not hold yet, and completes the file.
  /// - Parameters:
  ///   - writer: opened with this run's ``resolvedOptions``.
  /// - Throws: `CodecError`: `data` naming layer and frame where a number is not finite, `fileSystem` where the disk
  ///   refuses, `interrupted` once a stop was asked for; after each of these the file can be resumed.
  public func write(to writer: ResultWriter, progress: ProgressHandler? = nil) throws {
    // Each worker calls BLAS on its own; a library team underneath would only fight over the processors.
    BLAS.useThreads(1)
    let statistics = try statistics(progress: progress)
    let job = ContributionJob(
      input: input, options: options, taps: taps, target: try resolvedTarget(statistics: statistics),
      samples: samples, pickedRows: pickedRows)
    try job.checkPrecision()
    let file = ContributionWriter(writer: writer, job: job)
    try file.define(statistics: statistics)
    try writeRows(of: job, to: file, progress: progress)
    if let frames = options.perCellFrames {
      try file.write(cellAverages: try cellAverages(of: job, frames: frames, progress: progress))
    }
    try writer.commit()
  }

  private func resolvedTarget(statistics: PrecisionEstimate?) throws -> any Target {
    try target.target(
      unitIDs: input.model.unitIDs.map(String.init), statistics: statistics,
      appliesSoftmax: appliesSoftmax, freezesTop: options.freezesTop)
  }

  /// Mean and covariance of the outputs over every window, whatever frames are asked for; `nil` where the target
  /// needs none.
  private func statistics(progress: ProgressHandler?) throws -> PrecisionEstimate? {
    guard target.needsStatistics else { return nil }
    let outputs = try ModelOutputs.compute(
      model: input.model, series: input.statisticsSeries, threads: options.threads,
      precision: options.precision,
      progress: progress)
    return try PrecisionEstimate(
      samples: outputs, shrinkage: options.shrinkage,
      at: "\(input.model.network.name) on \(input.statisticsSeries.source.name)")
  }

  /// Blocks handed out together; what they give is then flushed.
  private var chunk: Int { max(8, 2 * options.threads) }

  private func writeRows(of job: ContributionJob, to file: ContributionWriter, progress: ProgressHandler?)
    throws
  {
    let blocks = SampleBlock.blocks(of: input.series, samples: samples)
    var finished = file.writer.finishedSamples
    let next = Self.firstUnfinished(of: blocks, finished: finished)
    guard next < blocks.count else { return }
    let team = try WorkerTeam(count: min(options.threads, blocks.count - next)) { _ in
      try ContributionWorker(job, method: options.method)
    }
    try file.write(backends: try team.map(0..<1) { worker, _ in worker.backends }[0])
    for first in stride(from: next, to: blocks.count, by: chunk) {
      try Interrupt.check()
      let rows = try team.map(first..<min(first + chunk, blocks.count)) { try $0.rows(of: blocks[$1]) }
      for rows in rows {
        try file.append(rows)
        finished += rows.samples.count
      }
      try file.writer.flush(finishedSamples: finished)
      progress?(ProgressReport(task: "contributions", finished: finished, total: samples.count))
    }
  }

  /// The first block whose rows are not in the file; blocks are written whole.
  private static func firstUnfinished(of blocks: [SampleBlock], finished: Int) -> Int {
    var rows = 0
    for (index, block) in blocks.enumerated() {
      if rows >= finished { return index }
      rows += block.samples.count
    }
    return blocks.count
  }

  /// Each cell's own target's contributions, averaged over frames spread evenly: by layer, `[cell, channel]`.
  private func cellAverages(
    of job: ContributionJob, frames: Int, progress: ProgressHandler?
  ) throws -> [ChannelSums] {
    let count = min(frames, samples.count)
    let spread = (0..<count).map { samples[(2 * $0 + 1) * samples.count / (2 * count)] }
    let blocks = SampleBlock.blocks(of: input.series, samples: spread)
    let ids = input.model.unitIDs.map(String.init)
    let targets = try ids.map { try TargetChoice.unit($0).target(unitIDs: ids) }
    // All targets' maps of the samples at hand are in memory: few samples at a time.
    let samplesAtATime = max(1, ContributionWorker.samplesAtATime / targets.count)
    let team = try WorkerTeam(count: min(options.threads, blocks.count)) { _ in
      try ContributionWorker(job, method: options.perCellMethod, samplesAtATime: samplesAtATime)
    }
    var totals = taps.map { ChannelSums(rows: targets.count, channels: $0.channels) }
    var finished = 0
    for first in stride(from: 0, to: blocks.count, by: chunk) {
      try Interrupt.check()
      let range = first..<min(first + chunk, blocks.count)
      for sums in try team.map(range, { try $0.sums(of: blocks[$1], targets: targets) }) {
        for index in totals.indices { totals[index].add(sums[index]) }
      }
      finished += blocks[range].reduce(0) { $0 + $1.samples.count }
      progress?(ProgressReport(task: "cells' own contributions", finished: finished, total: count))
    }
    for index in totals.indices { totals[index].divide(by: Double(count)) }
    return totals
  }
}
