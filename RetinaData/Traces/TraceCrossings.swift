import Numerics
import Runtime

/// Which switches of a trace mark frames.
public enum TracePolarity: String, Sendable, CaseIterable, Codable {
  /// A frame begins where the trace goes up.
  case rising
  /// A frame begins where it goes down.
  case falling
  /// The trace switches at every frame, up and down in turn.
  case both
}

/// When a trace switched between its levels.
public struct TraceCrossings: Sendable, Equatable {
  /// When the trace went up through the level, seconds.
  public private(set) var rising: [Double] = []
  /// When it went down.
  public private(set) var falling: [Double] = []

  /// Finds every switch: the trace leaves the band of hysteresis around the level on the other side than it was
  /// last. The time is where a line through the crossing meets the level.
  ///
  /// With noise a trace may cross the level several times within one switch; the middle of the first and the last
  /// crossing is then taken.
  public init(of trace: AnalogTrace, levels: TraceLevels) throws {
    var isHigh: Bool?
    var previous: (value: Double, index: Int)?
    // The first and last crossing of the level since the trace was last beyond the band.
    var crossing: (first: Double, last: Double)?
    try trace.forEachBlock { first, samples in
      for (offset, sample) in samples.enumerated() {
        let index = first + offset
        // Against a threshold that follows the levels.
        let value = Double(sample) - levels.threshold(at: index)
        if let previous, (previous.value < 0) != (value < 0) {
          let fraction = -previous.value / (value - previous.value)
          let time = (Double(previous.index) + fraction) / trace.sampleRate
          crossing = (crossing?.first ?? time, time)
        }
        previous = (value, index)
        let isNowHigh: Bool
        if value >= levels.hysteresis {
          isNowHigh = true
        } else if value <= -levels.hysteresis {
          isNowHigh = false
        } else {
          continue
        }
        if let crossing, let isHigh, isHigh != isNowHigh {
          let time = (crossing.first + crossing.last) / 2
          if isNowHigh { rising.append(time) } else { falling.append(time) }
        }
        (isHigh, crossing) = (isNowHigh, nil)
      }
    }
  }

  /// Switches of one direction, or of both in order.
  public func times(_ polarity: TracePolarity) -> [Double] {
    switch polarity {
    case .rising: rising
    case .falling: falling
    case .both: (rising + falling).sorted()
    }
  }

  /// The direction that marks frames.
  ///
  /// With a nominal frame rate the one whose median interval comes nearest to it. Without: both, where high and low
  /// last equally long (a patch that is bright and dark in turn), else the one with the more regular intervals (a
  /// flash begins with its frame, but may last longer or shorter).
  public func likelyPolarity(frameRate: Double?) -> TracePolarity {
    let switches = times(.both)
    let intervals = zip(switches, switches.dropFirst()).map { $1 - $0 }
    guard let up = Self.intervals(rising), let down = Self.intervals(falling), intervals.count > 3 else {
      return rising.count >= falling.count ? .rising : .falling
    }
    let single: TracePolarity = down.spread < 0.5 * up.spread ? .falling : .rising
    if let frameRate {
      return abs(up.median / 2 * frameRate - 1) < abs(up.median * frameRate - 1) ? .both : single
    }
    // High and low take turns: every other interval is of one kind.
    let kinds = [0, 1].map { first in
      Statistics.median(stride(from: first, to: intervals.count, by: 2).map { intervals[$0] })
    }
    return abs(kinds[0] - kinds[1]) < 0.1 * (kinds[0] + kinds[1]) ? .both : single
  }

  /// The median interval and the median deviation from it.
  private static func intervals(_ times: [Double]) -> (median: Double, spread: Double)? {
    guard times.count > 2 else { return nil }
    let intervals = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
    let median = intervals[intervals.count / 2]
    return (median, intervals.map { abs($0 - median) }.sorted()[intervals.count / 2])
  }
}
