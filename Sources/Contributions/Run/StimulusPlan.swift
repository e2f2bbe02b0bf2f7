import Networks
import Numerics
import Runtime
import Stimuli

/// A model's first layer over a series of stimuli: what passes start from. Belongs to one thread.
///
/// Where passes must start at the stimulus itself (a tap on it, or noise added to it) the "first layer" is the
/// window of frames, copied out.
final class StimulusPlan {
  /// The network from the starting tensor on.
  let network: Network
  private let series: WindowSeries
  private let firstLayer: SeriesPlan?
  private let inputShape: [Int]

  /// - Parameters:
  ///   - startsAtStimulus: whether windows are wanted, not the first layer.
  ///   - maxWindows: the largest number of windows of one call.
  init(model: LoadedModel, series: WindowSeries, startsAtStimulus: Bool, maxWindows: Int) throws {
    self.series = series
    inputShape = model.network.inputShape
    let plan = try SeriesPlan(
      network: model.network, frameShape: series.source.frameShape, history: series.history,
      maxSamples: maxWindows)
    firstLayer = startsAtStimulus ? nil : plan
    network = startsAtStimulus ? model.network : plan.tail
  }

  /// What computes the first layer, for provenance.
  var backend: String? { firstLayer?.backend }

  /// The network's input where the stimulus is its mean throughout: x0 of the normalised stimulus is 0.
  func baseline() throws -> Tensor {
    let frames = Tensor(shape: [series.history] + series.source.frameShape)
    return try firstLayer?.firstLayer(frames) ?? frames.reshaped([1] + inputShape)
  }

  /// Reads the frames of some windows and calls `body` with the network's inputs of `samples`, at most `size` at a
  /// time.
  func forEachBatch(
    of block: SampleBlock, size: Int, _ body: (_ samples: [Int], _ inputs: Tensor) throws -> Void
  ) throws {
    let frames = try series.normalisedFrames(forSamples: block.windows)
    let layer = try naming(block) { try firstLayer?.firstLayer(frames) }
    for first in stride(from: 0, to: block.samples.count, by: size) {
      let samples = Array(block.samples[first..<min(first + size, block.samples.count)])
      let rows = samples.map { $0 - block.windows.lowerBound }
      try body(samples, layer.map { gather($0, rows: rows) } ?? windows(of: frames, rows: rows))
    }
  }

  private func gather(_ layer: Tensor, rows: [Int]) -> Tensor {
    if rows.last! - rows[0] == rows.count - 1 { return layer.rows(rows[0]..<rows[0] + rows.count) }
    return Tensor(shape: [rows.count] + network.inputShape, elements: rows.flatMap { layer.row($0) })
  }

  private func windows(of frames: Tensor, rows: [Int]) -> Tensor {
    var elements: [Float] = []
    elements.reserveCapacity(rows.count * series.history * frames.rowCount)
    for row in rows {
      elements += frames.elements[row * frames.rowCount..<(row + series.history) * frames.rowCount]
    }
    return Tensor(shape: [rows.count] + inputShape, elements: elements)
  }

  /// Runs `body` and adds the block's frames to what it throws.
  private func naming<Result>(_ block: SampleBlock, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CodecError where error.kind == .data {
      let (first, last) = (
        series.firstFrame(ofSample: block.samples[0]), series.responseFrame(ofSample: block.samples.last!)
      )
      throw CodecError(
        .data, error.what, at: "frames \(first) to \(last) of \(series.source.name)",
        remedy: error.remedy ?? "look for huge numbers in the stimulus and in the model's weights")
    }
  }
}
