import Runtime
import Storage

/// Frame times from a photodiode or trigger trace: levels, polarity, onsets, irregularities and clocks.
public struct FrameSync: Sendable {
  /// What to look for; what is nil is estimated.
  public struct Options: Sendable, Codable, Equatable {
    /// The threshold, in the trace's units.
    public var level: Double?
    /// Share of the levels' distance that a switch has to go beyond the threshold.
    public var hysteresis = 0.2
    /// Which switches mark frames.
    public var polarity: TracePolarity?
    /// Nominal frames per second.
    public var frameRate: Double?
    /// Put missing onsets in and leave doubled ones out.
    public var repair = false
    /// Missing onsets in a row from which on a gap is a pause.
    public var longestGap = 10
    /// How many frames were shown.
    public var expectedFrames: Int?

    /// Everything estimated, nothing mended.
    public init() {}
  }

  /// The trace's levels and threshold.
  public let levels: TraceLevels
  /// Which switches mark frames, given or estimated.
  public let polarity: TracePolarity
  /// Frame times and what is irregular in them.
  public let onsets: FrameOnsets
  /// The trace's units.
  public let units: String

  /// Frames per second by the trace's clock.
  public var frameRate: Double { 1 / FrameClock.meanInterval(onsets.times, usual: onsets.interval) }
  /// How much faster than nominal the frames came by the trace's clock, parts per million, over the regular
  /// intervals; nil without a nominal rate.
  public let driftPartsPerMillion: Double?

  /// Finds the frames of a trace.
  /// - Throws: `CodecError` naming the trace where it has no frames, or not as many as expected.
  public init(_ trace: AnalogTrace, _ options: Options = Options()) throws {
    levels = try TraceLevels(of: trace, level: options.level, hysteresis: options.hysteresis)
    let crossings = try TraceCrossings(of: trace, levels: levels)
    polarity = options.polarity ?? crossings.likelyPolarity(frameRate: options.frameRate)
    let onsets = try FrameOnsets(
      times: crossings.times(polarity), repair: options.repair, longestGap: options.longestGap, at: trace.name
    )
    driftPartsPerMillion = options.frameRate.map {
      (1 / (FrameClock.meanInterval(onsets.times, usual: onsets.interval) * $0) - 1) * 1e6
    }
    (self.onsets, units) = (onsets, trace.units)
    if let expected = options.expectedFrames { try onsets.requireCount(expected, at: trace.name) }
  }

  /// The kind of result in the root attributes.
  public static let schema = "sync"
  /// The layout's version.
  public static let schemaVersion = 1

  /// Writes `/frame_time`, `/segment_start` and `/irregular/…`.
  public func write(to writer: ResultWriter) throws {
    try writer.write(
      onsets.times, shape: [onsets.times.count], to: "/frame_time", axes: ["frame"], units: "s",
      attributes: [
        "frame_rate": .number(frameRate), "polarity": .text(polarity.rawValue),
        "level": .number(levels.level),
        "low": .number(levels.low), "high": .number(levels.high),
        "repaired": .integer(onsets.isRepaired ? 1 : 0),
      ])
    let starts = onsets.segments.map(\.lowerBound)
    try writer.write(starts, shape: [starts.count], to: "/segment_start", axes: ["segment"], units: "frame")
    let found = onsets.irregularities
    try writer.write(found.map(\.kind.rawValue), to: "/irregular/kind", axes: ["irregularity"])
    for (name, values, units) in [
      ("onset", found.map { Double($0.onset) }, "index"), ("time", found.map(\.time), "s"),
      ("interval", found.map(\.interval), "usual intervals"),
      ("missing", found.map { Double($0.missing) }, "onsets"),
    ] {
      try writer.write(
        values, shape: [values.count], to: "/irregular/\(name)", axes: ["irregularity"], units: units)
    }
    try writer.commit()
  }
}
