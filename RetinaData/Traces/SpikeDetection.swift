import Foundation
import Numerics
import Runtime
import Storage

/// Spikes in the raw trace of one electrode: extrema of the band-passed trace beyond a multiple of its noise.
///
/// The noise is median(|x|) / 0.6745, which spikes hardly touch (Quiroga, Nadasdy and Ben-Shaul 2004). This is no spike
/// sorting: every cell that the electrode hears is in the one train, and cells that fire together count once.
public struct SpikeDetection: Sendable {
  /// Which way spikes go.
  public enum Direction: String, Sendable, CaseIterable, Codable {
    /// Down, as outside a cell body.
    case negative
    case positive
    case both
  }

  /// What to look for.
  public struct Options: Sendable, Codable, Equatable {
    /// Corners of the band-pass filter, Hz.
    public var low = 300.0, high = 3000.0
    /// Multiple of the noise that a spike exceeds.
    public var threshold = 4.5
    /// Which way spikes go.
    public var direction = Direction.negative
    /// Seconds after a spike in which no other is looked for.
    public var deadTime = 0.001

    /// 300 to 3000 Hz, downward beyond 4.5 times the noise.
    public init() {}
  }

  /// When spikes were largest, seconds, ascending.
  public private(set) var times: [Double] = []
  /// How large each was in the filtered trace, in the trace's units.
  public private(set) var amplitudes: [Double] = []
  /// The noise's standard deviation, in the trace's units.
  public let noise: Double
  /// What a spike exceeds, in the trace's units.
  public let threshold: Double
  /// The trace's units.
  public let units: String

  /// The share of intervals below 2 ms: a cell has hardly any, several cells together have them.
  public var shortIntervals: Double {
    guard times.count > 1 else { return .nan }
    return Double(zip(times, times.dropFirst()).filter { $1 - $0 < 0.002 }.count) / Double(times.count - 1)
  }

  /// Filters the trace and finds its spikes; reads it twice, a block at a time.
  /// - Throws: `CodecError` of kind `usage` for impossible options, `data` for a trace without noise.
  public init(_ trace: AnalogTrace, _ options: Options = Options(), progress: ProgressHandler? = nil) throws {
    guard options.threshold > 0, options.threshold.isFinite, options.deadTime >= 0, options.deadTime < 1
    else {
      throw CodecError(
        .usage, "a threshold of \(options.threshold) times the noise, \(options.deadTime) s dead time",
        remedy: "give a threshold above 0, usually 4 to 5, and a dead time below 1 s")
    }
    let filter = try BandPassFilter(low: options.low, high: options.high, sampleRate: trace.sampleRate)
    noise = try Self.noise(of: trace, filter)
    guard noise > 0 else {
      throw CodecError(
        .data, "the trace is constant in the pass band", at: trace.name, remedy: "choose another --channel")
    }
    (threshold, units) = (options.threshold * noise, trace.units)
    let dead = Int((options.deadTime * trace.sampleRate).rounded())
    var peaks = PeakFinder(threshold: Float(threshold), direction: options.direction, dead: max(1, dead))
    for first in stride(from: 0, to: trace.sampleCount, by: filter.step) {
      try Interrupt.check()
      for value in try filter.filtered(trace, from: first) { peaks.take(value) }
      progress?(ProgressReport(task: "spikes", finished: first, total: trace.sampleCount))
    }
    peaks.finish()
    times = peaks.places.map { $0 / trace.sampleRate }
    amplitudes = peaks.heights.map(Double.init)
  }

  /// From up to a hundred blocks spread over the trace.
  private static func noise(of trace: AnalogTrace, _ filter: BandPassFilter) throws -> Double {
    let blocks = (trace.sampleCount + filter.step - 1) / filter.step
    let chosen = Set((0..<min(blocks, 100)).map { $0 * blocks / min(blocks, 100) }).sorted()
    let sizes = try chosen.flatMap { block in
      try filter.filtered(trace, from: block * filter.step).map { abs(Double($0)) }
    }
    return Statistics.median(sizes) / 0.6745
  }

  /// The kind of result in the root attributes.
  public static let schema = "spikes"
  /// The layout's version.
  public static let schemaVersion = 1

  /// Writes `/spike_time` and `/amplitude`.
  public func write(to writer: ResultWriter) throws {
    try writer.write(
      times, shape: [times.count], to: "/spike_time", axes: ["spike"], units: "s",
      attributes: [
        "noise": .number(noise), "threshold": .number(threshold), "short_intervals": .number(shortIntervals),
        "sorted": "no: all cells that the electrode hears",
      ])
    try writer.write(amplitudes, shape: [times.count], to: "/amplitude", axes: ["spike"], units: units)
    try writer.commit()
  }
}

/// The largest excursion within a dead time of each crossing of the threshold.
private struct PeakFinder {
  let threshold: Float
  let direction: SpikeDetection.Direction
  let dead: Int
  /// Where excursions were largest, samples, between samples by a parabola.
  private(set) var places: [Double] = []
  private(set) var heights: [Float] = []
  private var index = 0
  private var recent: (Float, Float) = (0, 0)
  private var peak: (index: Int, value: Float, before: Float, after: Float?)?
  private var end = 0

  init(threshold: Float, direction: SpikeDetection.Direction, dead: Int) {
    (self.threshold, self.direction, self.dead) = (threshold, direction, dead)
  }

  private func size(_ value: Float) -> Float {
    switch direction {
    case .negative: -value
    case .positive: value
    case .both: abs(value)
    }
  }

  mutating func take(_ value: Float) {
    if let found = peak {
      if found.after == nil { peak?.after = value }
      if index >= end {
        keep()
      } else if size(value) > size(found.value) {
        peak = (index, value, recent.1, nil)
      }
    } else if size(value) > threshold, index >= end, size(value) > size(recent.1) {
      peak = (index, value, recent.1, nil)
      end = index + dead
    }
    recent = (recent.1, value)
    index += 1
  }

  mutating func finish() { keep() }

  private mutating func keep() {
    guard let found = peak else { return }
    let after = found.after ?? found.before
    let bend = found.before - 2 * found.value + after
    let shift = bend == 0 ? 0 : 0.5 * (found.before - after) / bend
    places.append(max(0, Double(found.index) + Double(min(max(shift, -0.5), 0.5))))
    heights.append(found.value)
    peak = nil
    end = found.index + dead
  }
}
