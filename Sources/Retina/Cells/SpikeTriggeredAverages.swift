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
  /// Averages in the stimulus's units, `[cell, lag, y, x]`; zero for a cell without spikes.
  public let fields: Tensor
  /// The sum of each cell's weights over the frames that count.
  public let weights: [Double]
  /// How many frames count.
  public let sampleCount: Int

  /// Frames read at a time.
  private static let block = 512

  /// - Parameters:
  ///   - source: the movie; frames of one channel.
  ///   - responses: each cell's weight of each frame, `[cell, time]`, none of them negative.
  ///   - history: frames before a response that are averaged.
  /// - Throws: `CodecError` of kind `data` where no segment is longer than the history, a weight is negative, or a frame
  ///   is not finite.
  /// - Complexity: one product of matrices [cells · history, frames] · [frames, pixels]; memory of some blocks.
  public init(
    source: any StimulusSource, responses: Tensor, history: Int, progress: ProgressHandler? = nil
  ) throws {
    precondition(history > 0 && responses.shape.count == 2 && responses.shape[1] == source.frameCount)
    guard source.segments.contains(where: { $0.count > history }) else {
      throw CodecError(
        .data, "no continuous run of frames is longer than a history of \(history)", at: source.name,
        remedy: "choose a shorter --history")
    }
    if let index = responses.elements.firstIndex(where: { $0 < 0 }) {
      let (cell, frame) = (index / source.frameCount, index % source.frameCount)
      throw CodecError(
        .data, "the response of cell \(cell) in frame \(frame) is negative", at: source.name,
        remedy: "spikes and rates are not negative")
    }
    let pixels = source.frameShape.reduce(1, *)
    let rows = (responses.rows + 1) * history
    var sums = [Double](repeating: 0, count: rows * pixels)
    var centre: Float?
    for segment in source.segments where segment.count > history {
      for first in stride(from: segment.lowerBound, to: segment.upperBound, by: Self.block) {
        try Interrupt.check()
        let range = first..<min(first + Self.block, segment.upperBound)
        var frames = try source.frames(range).elements
        // Averages do not care for a constant, rounding does.
        let level = centre ?? Float(frames.reduce(0.0) { $0 + Double($1) } / Double(frames.count))
        centre = level
        for index in frames.indices { frames[index] -= level }
        let matrix = Self.shifted(responses, frames: range, segment: segment, history: history)
        var product = [Float](repeating: 0, count: rows * pixels)
        BLAS.gemm(rows, pixels, range.count, a: matrix, b: frames, c: &product)
        for index in sums.indices { sums[index] += Double(product[index]) }
        progress?(
          ProgressReport(
            task: "spike-triggered averages", finished: range.upperBound, total: source.frameCount))
      }
    }
    let counted = source.segments.flatMap { $0.dropFirst(history) }
    let weights = (0..<responses.rows).map { cell in
      counted.reduce(0.0) { $0 + Double(responses.elements[cell * source.frameCount + $1]) }
    }
    (self.weights, sampleCount) = (weights, counted.count)
    fields = Self.averages(
      sums, weights: weights, samples: counted.count,
      shape: [responses.rows, history] + source.frameShape.suffix(2))
  }

  /// The weight that each frame of a block has for each cell and lag, `[(cell, lag), frame]`; the last cell has
  /// weight one for every frame that counts: the mean stimulus.
  private static func shifted(
    _ responses: Tensor, frames: Range<Int>, segment: Range<Int>, history: Int
  ) -> [Float] {
    let (cells, length) = (responses.rows, responses.shape[1])
    var matrix = [Float](repeating: 0, count: (cells + 1) * history * frames.count)
    for lag in 0..<history {
      // Frame f is seen at this lag by the response at f + history − lag.
      let shift = history - lag
      let begin = max(frames.lowerBound, segment.lowerBound + lag)
      let end = min(frames.upperBound, segment.upperBound - shift)
      guard begin < end else { continue }
      for cell in 0...cells {
        let row = (cell * history + lag) * frames.count - frames.lowerBound
        for frame in begin..<end {
          matrix[row + frame] = cell == cells ? 1 : responses.elements[cell * length + frame + shift]
        }
      }
    }
    return matrix
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
