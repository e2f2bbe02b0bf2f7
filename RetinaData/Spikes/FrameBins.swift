import Numerics
import Runtime

/// The time each frame of a stimulus was on the screen: the bins in which spikes are counted.
///
///     let bins = try FrameBins(onsets: frameTimes)
///     let counted = bins.counts(of: train)        // counted.counts has one number for each frame
public struct FrameBins: Sendable, Equatable {
  /// When each frame began, seconds.
  public let onsets: [Double]
  /// Continuous runs of frames, ascending, covering all.
  public let segments: [Range<Int>]
  /// Seconds from one frame to the next: the median within segments.
  public let interval: Double
  /// When each frame ended, seconds.
  private let ends: [Double]

  /// - Parameters:
  ///   - onsets: seconds, ascending within each segment; two or more.
  ///   - segments: continuous runs; nil for a single one. The last frame of each lasts one median interval, or
  ///     until the next segment begins.
  ///   - place: file and dataset, for messages.
  /// - Throws: `CodecError` of kind `data` naming the frame whose time is not finite or not after the one before.
  public init(onsets: [Double], segments: [Range<Int>]? = nil, at place: String? = nil) throws {
    let segments = segments ?? [0..<onsets.count]
    precondition(segments.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 } == onsets.count)
    if let frame = onsets.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(.data, "the time of frame \(frame) is not finite", at: place)
    }
    var intervals: [Double] = []
    for frame in segments.flatMap({ $0.dropFirst() }) {
      let interval = onsets[frame] - onsets[frame - 1]
      guard interval > 0 else {
        throw CodecError(
          .data, "frame \(frame), at \(onsets[frame]) s, does not come after frame \(frame - 1)", at: place,
          remedy: "frame times ascend; mark where the recording was interrupted as segment_start")
      }
      intervals.append(interval)
    }
    for segment in segments.dropFirst() where onsets[segment.lowerBound] <= onsets[segment.lowerBound - 1] {
      throw CodecError(
        .data, "the segment from frame \(segment.lowerBound) on begins before the one before it ends",
        at: place,
        remedy: "give all times on one clock that does not start again")
    }
    guard !intervals.isEmpty else {
      throw CodecError(.data, "\(onsets.count) frame times have no interval between them", at: place)
    }
    let interval = Statistics.median(intervals)
    (self.onsets, self.segments, self.interval) = (onsets, segments, interval)
    ends = segments.flatMap { segment in
      segment.map { frame in
        let next = frame + 1 < onsets.count ? onsets[frame + 1] : .infinity
        return frame + 1 < segment.upperBound ? next : min(next, onsets[frame] + interval)
      }
    }
  }

  /// The number of frames.
  public var count: Int { onsets.count }

  /// Counts a cell's spikes in each frame: those from its onset (included) to its end (excluded).
  /// - Complexity: linear in spikes and frames.
  public func counts(of train: SpikeTrain) -> SpikeCounts {
    var result = SpikeCounts(counts: Array(repeating: 0, count: count))
    var frame = 0
    for time in train.times {
      while frame < count && ends[frame] <= time { frame += 1 }
      if frame == count {
        result.after += 1
      } else if onsets[frame] <= time {
        result.counts[frame] += 1
      } else if frame == 0 {
        result.before += 1
      } else {
        result.between += 1
      }
    }
    return result
  }

  /// Counts of many cells, `[cell, frame]`, and the number of spikes of each that lie outside all frames.
  public func counts(of trains: [SpikeTrain]) -> (counts: Tensor, outside: [Int]) {
    let all = trains.map { counts(of: $0) }
    let elements = all.flatMap(\.counts)
    return (Tensor(shape: [trains.count, count], elements: elements), all.map(\.outside))
  }
}
