import Numerics
import Runtime

/// Something irregular in a series of frame onsets.
public struct FrameIrregularity: Sendable, Equatable, Codable {
  /// What is irregular.
  public enum Kind: String, Sendable, CaseIterable, Codable {
    /// One or more onsets are missing: the interval is a whole number of usual ones.
    case missing
    /// A frame has two onsets: an extra one within an otherwise usual interval.
    case doubled
    /// An interval is too short, and the next does not make up for it.
    case short
    /// An interval is too long, but no whole number of usual ones.
    case long
    /// The stimulus paused: a segment ends here.
    case pause
  }

  /// What is irregular.
  public let kind: Kind
  /// The onset in the trace (from 0) that ends the interval.
  public let onset: Int
  /// When it was, seconds.
  public let time: Double
  /// The interval before it, in usual intervals.
  public let interval: Double
  /// How many onsets are missing; −1 for one too many; 0 otherwise.
  public let missing: Int
}

/// Frame times from the onsets in a trace: what is irregular is listed, and mended on request.
///
///     let onsets = try FrameOnsets(times: crossings.times(.rising), repair: true)
///     print(onsets.times.count, onsets.irregularities)
public struct FrameOnsets: Sendable, Equatable {
  /// When each frame began, seconds: as found, or with missing ones put in and doubled ones left out.
  public private(set) var times: [Double] = []
  /// Continuous runs of frames, covering all.
  public private(set) var segments: [Range<Int>] = []
  /// The usual interval, seconds: the median.
  public let interval: Double
  /// Everything irregular, in order.
  public private(set) var irregularities: [FrameIrregularity] = []
  /// Whether irregular onsets were mended.
  public let isRepaired: Bool

  /// How far, in usual intervals, an interval may be from a whole number of them.
  private static let tolerance = 0.25
  /// What the running interval takes over from each regular one: it follows a clock that drifts.
  private static let pace = 0.05

  /// - Parameters:
  ///   - onsets: seconds, ascending.
  ///   - repair: put evenly spaced onsets in where some are missing, and leave doubled ones out.
  ///   - longestGap: missing onsets in a row from which on a gap is a pause.
  ///   - place: the trace, for messages.
  /// - Throws: `CodecError` of kind `data` for fewer than three onsets.
  public init(times onsets: [Double], repair: Bool, longestGap: Int = 10, at place: String? = nil) throws {
    guard onsets.count >= 3 else {
      throw CodecError(
        .data, "\(onsets.count) frame onsets in the whole trace", at: place,
        remedy: "check --channel, --level and --polarity")
    }
    interval = Statistics.median(zip(onsets, onsets.dropFirst()).map { $1 - $0 })
    isRepaired = repair
    var (usual, start) = (interval, 0)
    times = [onsets[0]]
    for index in 1..<onsets.count {
      let (time, next) = (onsets[index], index + 1 < onsets.count ? onsets[index + 1] : nil)
      // A doubled onset does not move the grid, whether or not it is left out.
      let last =
        irregularities.last.map { $0.kind == .doubled && $0.onset == index - 1 } == true
        ? onsets[index - 2] : onsets[index - 1]
      let count = (time - last) / usual
      let kind = Self.kind(count, next: next.map { ($0 - last) / usual }, longestGap: longestGap)
      let gap = Int(count.rounded()) - 1
      if let kind {
        let missing = kind == .missing ? gap : kind == .doubled ? -1 : 0
        irregularities.append(
          FrameIrregularity(kind: kind, onset: index, time: time, interval: count, missing: missing))
      } else {
        usual += Self.pace * (time - last - usual)
      }
      if kind == .pause {
        segments.append(start..<times.count)
        start = times.count
      }
      if repair, kind == .missing {
        times += (1...gap).map { last + (time - last) * Double($0) / Double(gap + 1) }
      }
      if !(repair && kind == .doubled) { times.append(time) }
    }
    segments.append(start..<times.count)
  }

  /// - Parameters:
  ///   - count: usual intervals since the last onset on the grid.
  ///   - next: the same for the next onset.
  private static func kind(_ count: Double, next: Double?, longestGap: Int) -> FrameIrregularity.Kind? {
    if count < 1 - tolerance {
      return next.map { abs($0 - 1) <= tolerance } == true ? .doubled : .short
    }
    if count <= 1 + tolerance { return nil }
    if count > Double(longestGap) + 1.5 { return .pause }
    return count.rounded() >= 2 && abs(count - count.rounded()) <= tolerance ? .missing : .long
  }

  /// Compares the number of frames with what was shown.
  /// - Throws: `CodecError` of kind `data` saying what would account for the difference.
  public func requireCount(_ expected: Int, at place: String) throws {
    guard times.count != expected else { return }
    let (missing, doubled) = (
      irregularities.filter { $0.kind == .missing }.reduce(0) { $0 + $1.missing },
      irregularities.filter { $0.kind == .doubled }.count
    )
    let mended = times.count + missing - doubled
    let remedy =
      !isRepaired && mended == expected
      ? "--repair gives \(expected): \(missing) onsets are missing and \(doubled) doubled"
      : "\(missing) onsets are missing and \(doubled) doubled; check --level, --polarity and the trace's ends"
    throw CodecError(
      .data, "\(times.count) frame onsets\(isRepaired ? " after repair" : ""), \(expected) expected",
      at: place,
      remedy: remedy)
  }
}
