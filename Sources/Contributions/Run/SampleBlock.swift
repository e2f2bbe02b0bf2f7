import Stimuli

/// Samples of one segment that are computed together.
struct SampleBlock: Sendable, Equatable {
  /// The windows the first layer is computed for.
  let windows: Range<Int>
  /// The samples wanted among them, in order.
  let samples: [Int]

  /// The most windows of a block: in a movie enough that few frames are transformed twice; where windows share no frames
  /// few, so that a block of large images fits into memory.
  static func size(of series: WindowSeries) -> Int { series.history == 1 ? 4 : 96 }

  /// Blocks that few images are cut into at least, so that all threads have work.
  private static let least = 8

  /// Cuts the samples wanted at boundaries that depend on the series and their number alone, so that an interrupted run
  /// and any number of threads see the same blocks.
  static func blocks(of series: WindowSeries, samples: [Int]) -> [SampleBlock] {
    var next = 0
    let largest = size(of: series)
    let size = series.history == 1 ? min(max(samples.count / least, 1), largest) : largest
    return series.blocks(of: size).compactMap { range in
      let first = next
      while next < samples.count, samples[next] < range.upperBound { next += 1 }
      guard first < next else { return nil }
      let chosen = Array(samples[first..<next])
      return SampleBlock(windows: chosen[0]..<chosen[chosen.count - 1] + 1, samples: chosen)
    }
  }
}
