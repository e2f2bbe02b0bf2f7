import Stimuli

/// Samples of one segment that are computed together.
struct SampleBlock: Sendable, Equatable {
  /// The windows the first layer is computed for.
  let windows: Range<Int>
  /// The samples wanted among them, in order.
  let samples: [Int]

  /// Windows of a block: in a movie enough that few frames are transformed twice; where windows share no frames few, so
  /// that all threads have work and a block of large images fits into memory.
  static func size(of series: WindowSeries) -> Int { series.history == 1 ? 4 : 96 }

  /// Cuts the samples wanted at boundaries that depend on the series alone, so that an interrupted run and any
  /// number of threads see the same blocks.
  static func blocks(of series: WindowSeries, samples: [Int]) -> [SampleBlock] {
    var next = 0
    return series.blocks(of: size(of: series)).compactMap { range in
      let first = next
      while next < samples.count, samples[next] < range.upperBound { next += 1 }
      guard first < next else { return nil }
      let chosen = Array(samples[first..<next])
      return SampleBlock(windows: chosen[0]..<chosen[chosen.count - 1] + 1, samples: chosen)
    }
  }
}
