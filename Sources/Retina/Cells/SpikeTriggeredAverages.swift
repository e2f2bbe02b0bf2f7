import Numerics
import Runtime
import Stimuli

/// Spike-triggered averages: the mean stimulus before a spike, less the mean stimulus.
///
/// For lag l of a history of H frames, `sta[l] = Σ_t n(t) s(t − H + l) / Σ_t n(t) − mean_t s(t − H + l)`, over all
/// frames t whose history lies within their segment; n are a cell's spikes in frame t (or any weights that are not
/// negative). Lag 0 is the oldest. Stimuli that are correlated in space or time smear it: it is not whitened.
///
///     let averages = try SpikeTriggeredAverages(source: train, responses: counts, history: 20)
///     let field = averages.fields.row(0)        // [lag, y, x] of the first cell
public struct SpikeTriggeredAverages: Sendable {
  /// How the sums over time are formed; both give the same up to rounding.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// Lag by lag (`DirectLaggedSums`).
    case direct
    /// By Fourier transforms over time (`FourierLaggedSums`): cheaper but for few cells.
    case fourier
  }

  /// Averages in the stimulus's units, `[cell, lag, y, x]`; zero for a cell without spikes.
  public let fields: Tensor
  /// The sum of each cell's weights over the frames that count.
  public let weights: [Double]
  /// How many frames count.
  public let sampleCount: Int
  /// How the sums were formed.
  public let method: Method

  /// - Parameters:
  ///   - source: the movie; frames of one channel.
  ///   - responses: each cell's weight of each frame, `[cell, time]`, none of them negative.
  ///   - history: frames before a response that are averaged.
  ///   - method: how sums are formed; nil takes the cheaper way.
  /// - Throws: `CodecError` of kind `data` where no segment is longer than the history, a weight is negative, or a frame
  ///   is not finite.
  /// - Complexity: frames · pixels times 2 · cells · history directly, times 6 · (cells + history) by Fourier transforms;
  ///   memory of some blocks of frames beside the averages.
  public init(
    source: any StimulusSource, responses: Tensor, history: Int, method: Method? = nil,
    progress: ProgressHandler? = nil
  ) throws {
    precondition(history > 0 && responses.shape.count == 2 && responses.shape[1] == source.frameCount)
    try Self.requireSense(source, responses, history)
    let counted = source.segments.flatMap { $0.dropFirst(history) }
    let masked = Self.masked(responses, counted)
    let method = method ?? Self.cheaper(rows: masked.rows, history: history)
    let pixels = source.frameShape.reduce(1, *)
    var sums: any LaggedSums =
      switch method {
      case .direct: DirectLaggedSums(weights: masked, history: history, pixels: pixels)
      case .fourier: FourierLaggedSums(weights: masked, history: history, pixels: pixels)
      }
    var level: Float?
    for first in stride(from: 0, to: source.frameCount, by: sums.block) {
      try Interrupt.check()
      let range = first..<min(first + sums.block, source.frameCount)
      var frames = try source.frames(range).elements
      // Averages do not care for a constant, rounding does.
      let constant = level ?? Float(frames.reduce(0.0) { $0 + Double($1) } / Double(frames.count))
      level = constant
      for index in frames.indices { frames[index] -= constant }
      sums.add(frames, range)
      progress?(
        ProgressReport(
          task: "spike-triggered averages", finished: range.upperBound, total: source.frameCount))
    }
    weights = (0..<responses.rows).map { masked.row($0).reduce(0.0) { $0 + Double($1) } }
    (sampleCount, self.method) = (counted.count, method)
    fields = Self.averages(
      sums.finished(), weights: weights, samples: counted.count,
      shape: [responses.rows, history] + source.frameShape.suffix(2))
  }

  /// Operations that the Fourier way may need for one of the direct way, whose larger products run closer to peak speed.
  private static let advantage = 1.9

  private static func cheaper(rows: Int, history: Int) -> Method {
    let direct = Double(DirectLaggedSums.cost(rows: rows, history: history))
    return direct <= advantage * Double(FourierLaggedSums.cost(rows: rows, history: history))
      ? .direct : .fourier
  }

  private static func requireSense(_ source: any StimulusSource, _ responses: Tensor, _ history: Int) throws {
    guard source.segments.contains(where: { $0.count > history }) else {
      throw CodecError(
        .data, "no continuous run of frames is longer than a history of \(history)", at: source.name,
        remedy: "choose a shorter --history")
    }
    guard let index = responses.elements.firstIndex(where: { $0 < 0 }) else { return }
    let (cell, frame) = (index / source.frameCount, index % source.frameCount)
    throw CodecError(
      .data, "the response of cell \(cell) in frame \(frame) is negative", at: source.name,
      remedy: "spikes and rates are not negative")
  }

  /// The cells' weights where frames count and zero elsewhere, so that no history reaches into another segment; below
  /// them a row that weighs every frame that counts alike: its average is the mean stimulus.
  private static func masked(_ responses: Tensor, _ counted: [Int]) -> Tensor {
    let (cells, length) = (responses.rows, responses.shape[1])
    var masked = Tensor(shape: [cells + 1, length])
    for row in 0...cells {
      for frame in counted {
        masked.elements[row * length + frame] =
          row == cells ? 1 : responses.elements[row * length + frame]
      }
    }
    return masked
  }

  private static func averages(_ sums: [Double], weights: [Double], samples: Int, shape: [Int]) -> Tensor {
    let count = shape.dropFirst().reduce(1, *)
    var result = Tensor(shape: shape)
    for (cell, weight) in weights.enumerated() where weight > 0 {
      for index in 0..<count {
        let mean = sums[weights.count * count + index] / Double(samples)
        result.elements[cell * count + index] = Float(sums[cell * count + index] / weight - mean)
      }
    }
    return result
  }
}
