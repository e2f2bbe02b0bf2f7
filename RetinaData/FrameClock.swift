import Runtime
import Storage

/// When a split's frames were shown: its frame rate and its continuous segments.
struct FrameClock {
  let frameRate: Double?
  let segments: [Range<Int>]
  /// When each frame was shown, seconds, where the file says.
  let times: [Double]?
  /// What was noticed and dealt with, one sentence each.
  let remarks: [String]

  /// How far two statements of the frame rate may differ before they contradict each other.
  private static let tolerance = 0.01
  /// An interval this many times the usual one is a gap that no window may cross.
  private static let gap = 1.5
  /// Frames a second that a stimulus can have; others come from times in milliseconds or samples.
  private static let plausible = 0.5...5000

  init(split: String, _ layout: RecordingLayout, frameCount: Int) throws {
    let times = try Self.times(split, layout.file, frameCount)
    self.times = times
    let starts = try Self.segmentStarts(split, layout.file, frameCount)
    let interval = times.flatMap { Self.medianInterval($0) }
    frameRate = try Self.frameRate(split, layout, interval: interval)
    let gaps = interval.map { Self.gaps(times ?? [], longerThan: Self.gap * $0) } ?? []
    let unmarked = gaps.filter { !starts.contains($0) }
    remarks =
      unmarked.isEmpty
      ? []
      : [
        "\(split): \(unmarked.count) gaps in time without a segment_start (first before frame \(unmarked[0])); "
          + "windows do not cross them"
      ]
    let bounds = Set(starts + gaps).sorted() + [frameCount]
    segments = zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  private static func times(_ split: String, _ file: H5File, _ frameCount: Int) throws -> [Double]? {
    let path = "/\(split)/time"
    guard file.contains(path) else { return nil }
    let dataset = try file.dataset(path, rank: 1)
    guard dataset.rows == frameCount else {
      throw CodecError(.data, "\(dataset.rows) times for \(frameCount) frames", at: dataset.place)
    }
    let times: [Double] = try dataset.numbers()
    if let frame = times.firstIndex(where: { !$0.isFinite }) {
      throw CodecError(.data, "the time of frame \(frame) is not finite", at: dataset.place)
    }
    return times
  }

  /// First frames of the segments, ascending from 0.
  private static func segmentStarts(_ split: String, _ file: H5File, _ frameCount: Int) throws -> [Int] {
    let path = "/\(split)/segment_start"
    guard file.contains(path) else { return [0] }
    let dataset = try file.dataset(path, rank: 1)
    let starts: [Int] = try dataset.numbers()
    let isAscending = zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }
    guard starts.first == 0, isAscending, starts.allSatisfy({ $0 < frameCount }) else {
      throw CodecError(
        .data, "segment starts are not frames in ascending order from 0", at: dataset.place,
        remedy: "list the first frame of each continuous segment, below \(frameCount)")
    }
    return starts
  }

  /// Continuous runs of frames: between intervals that are more than 1.5 times the usual one.
  static func runs(_ times: [Double]) -> [Range<Int>] {
    let starts = gaps(times, longerThan: gap * (medianInterval(times) ?? .infinity))
    return zip([0] + starts, starts + [times.count]).map { $0..<$1 }
  }

  /// The mean of the intervals that differ from the usual one by no more than a quarter: the median of times that were
  /// rounded to samples is that of rounded intervals.
  static func meanInterval(_ times: [Double], usual: Double) -> Double {
    let regular = zip(times, times.dropFirst()).map { $1 - $0 }.filter { abs($0 / usual - 1) <= 0.25 }
    return regular.isEmpty ? usual : regular.reduce(0, +) / Double(regular.count)
  }

  static func medianInterval(_ times: [Double]) -> Double? {
    let intervals = zip(times, times.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.sorted()
    return intervals.isEmpty ? nil : intervals[intervals.count / 2]
  }

  /// Frames that come too long after the one before, or not after it at all.
  private static func gaps(_ times: [Double], longerThan limit: Double) -> [Int] {
    zip(times, times.dropFirst()).enumerated().compactMap { index, pair in
      let interval = pair.1 - pair.0
      return interval <= 0 || interval > limit ? index + 1 : nil
    }
  }

  private static func frameRate(
    _ split: String, _ layout: RecordingLayout, interval: Double?
  ) throws -> Double? {
    if let given = layout.frameRate { return given }
    var stated = try statedRates(split, layout.file)
    if let interval { stated.append(("\(split)/time", 1 / interval)) }
    guard let first = stated.first else { return nil }
    if let other = stated.first(where: { abs($0.rate - first.rate) > tolerance * first.rate }) {
      throw CodecError(
        .data, "\(first.source) says \(first.rate) frames a second, \(other.source) \(other.rate)",
        at: layout.file.path, remedy: "give the right rate with --frame-rate")
    }
    guard plausible.contains(first.rate) else {
      throw CodecError(
        .data, "\(first.source) gives \(first.rate) frames a second", at: layout.file.path,
        remedy: "are its times in seconds? --frame-rate overrides them")
    }
    return first.rate
  }

  /// Rates in attributes `frame_rate` of the file, the split and its stimulus, with the attribute's place.
  private static func statedRates(_ split: String, _ file: H5File) throws -> [(source: String, rate: Double)]
  {
    try ["/", "/\(split)", "/\(split)/stimulus"].compactMap { path in
      guard let value = try file.attribute("frame_rate", of: path) else { return nil }
      guard let rate = value.asNumber, rate > 0, rate.isFinite else {
        throw CodecError(
          .data, "the attribute frame_rate is \(value)", at: file.place(path), remedy: "give --frame-rate")
      }
      return ("the attribute frame_rate of \(path)", rate)
    }
  }
}
