import Networks
import Numerics
import RetinaData
import Runtime
import Stimuli

/// A split of a recording as a network is trained or tested on it: all windows with the cells' rates.
package struct FitData: Sendable {
  /// The movie, normalised, and its windows.
  package let movie: MovieWindows
  /// Recorded rates in Hz, `[window, cell]`.
  package let rates: [Float]
  /// Number of cells.
  package let cells: Int
  /// The frame each window's response is of.
  package let responseFrames: [Int]

  /// Number of windows.
  package var count: Int { movie.starts.count }

  /// - Parameters:
  ///   - normalisation: mean and standard deviation of the training movie.
  ///   - memory: bytes that frames and what is computed of them may take; a longer movie is read again when it is needed.
  package init(
    _ split: RecordingSplit, history: Int, normalisation: (mean: Float, deviation: Float),
    memory: Int = FitOptions().memory << 20
  ) throws {
    let series = try WindowSeries(
      source: split, history: history, mean: normalisation.mean, standardDeviation: normalisation.deviation)
    let windows = 0..<series.sampleCount
    let frames = try NormalisedFrames(split, normalisation: normalisation, budget: memory / 4)
    movie = MovieWindows(
      frameCount: split.frameCount, frameShape: split.frameShape, history: history,
      starts: windows.map { series.firstFrame(ofSample: $0) }, budget: memory / 2
    ) { try frames.frames($0) }
    let recorded = try split.rates()
    if let index = recorded.elements.firstIndex(where: { $0 < 0 }) {
      throw CodecError(
        .data, "cell \(index / split.frameCount) has a negative rate in frame \(index % split.frameCount)",
        at: split.name, remedy: "rates are in Hz, from 0")
    }
    let (count, length) = (recorded.rows, split.frameCount)
    cells = count
    responseFrames = windows.map { series.responseFrame(ofSample: $0) }
    rates = windows.flatMap { window in
      let frame = series.responseFrame(ofSample: window)
      return (0..<count).map { recorded.elements[$0 * length + frame] }
    }
  }

  /// Mean and standard deviation of every pixel of a movie.
  /// - Throws: `CodecError` of kind `data` where all pixels are the same.
  package static func normalisation(of split: RecordingSplit) throws -> (mean: Float, deviation: Float) {
    var (sum, squares, count) = (0.0, 0.0, 0)
    for start in stride(from: 0, to: split.frameCount, by: 512) {
      let frames = try split.frames(start..<min(start + 512, split.frameCount))
      for value in frames.elements {
        sum += Double(value)
        squares += Double(value) * Double(value)
      }
      count += frames.count
    }
    let mean = sum / Double(count)
    let deviation = max(squares / Double(count) - mean * mean, 0).squareRoot()
    guard deviation > 1e-12 * abs(mean), deviation > 0 else {
      throw CodecError(
        .data, "every pixel of the movie is \(mean)", at: split.name, remedy: "a network needs a stimulus")
    }
    return (Float(mean), Float(deviation))
  }

  /// Each cell's mean rate over some windows, in Hz.
  func meanRates(_ windows: [Int]) -> [Double] {
    Self.means(rates, cells: cells, windows)
  }

  /// Column means of `[window, cell]` over some windows.
  static func means(_ rates: [Float], cells: Int, _ windows: [Int]) -> [Double] {
    var sums = Array(repeating: 0.0, count: cells)
    for window in windows {
      for cell in 0..<cells { sums[cell] += Double(rates[window * cells + cell]) }
    }
    return sums.map { $0 / Double(windows.count) }
  }

  /// Windows to train on and windows held out: contiguous blocks, spread over the recording.
  /// - Parameter offset: where in its stretch each block lies, 0 to 1, so that fits differ.
  package static func partition(_ count: Int, heldOut share: Double, offset: Double) -> (
    train: [Int], heldOut: [Int]
  ) {
    let blocks = max(1, min(10, Int(Double(count) * share) / 40))
    let length = Int(Double(count) * share) / blocks
    var isHeldOut = Array(repeating: false, count: count)
    for block in 0..<blocks {
      let (start, end) = (block * count / blocks, (block + 1) * count / blocks)
      let first = start + Int(offset * Double(end - start - length))
      for window in first..<first + length { isHeldOut[window] = true }
    }
    return ((0..<count).filter { !isHeldOut[$0] }, (0..<count).filter { isHeldOut[$0] })
  }
}
