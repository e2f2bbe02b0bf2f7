import Foundation
import Numerics
import Runtime

/// The two levels between which a photodiode or trigger trace switches, and the threshold between them.
///
/// Lamps age and amplifiers drift: the levels are found anew along the trace, and the threshold follows them.
public struct TraceLevels: Sendable, Equatable {
  /// The lower level, in the trace's units: the median over the trace.
  public let low: Double
  /// The upper level.
  public let high: Double
  /// Where a switch is read off, the median over the trace: halfway between the levels unless given.
  public let level: Double
  /// How far beyond the threshold a trace has to go to count as switched, so that noise does not.
  public let hysteresis: Double
  /// Thresholds at the middles of windows that follow each other.
  private let thresholds: [Double]
  private let window: Int

  /// Estimates the levels along the trace: the middles of the two groups into which a window's samples fall
  /// (two means, begun at the extremes).
  /// - Parameters:
  ///   - level: the threshold where it is known, in the trace's units; it then holds all along.
  ///   - hysteresis: share of the levels' distance, from 0 to below 0.5.
  /// - Throws: `CodecError` of kind `data` where the trace never switches or never crosses the level; `usage` for an
  ///   impossible hysteresis.
  public init(of trace: AnalogTrace, level: Double? = nil, hysteresis: Double = 0.2) throws {
    guard hysteresis >= 0, hysteresis < 0.5 else {
      throw CodecError(.usage, "a hysteresis of \(hysteresis)", remedy: "give a share from 0 to below 0.5")
    }
    let window = max(trace.sampleCount / 64, Int(trace.sampleRate), 1)
    let starts = Array(stride(from: 0, to: trace.sampleCount, by: window))
    let groups = try starts.map { start in
      try Interrupt.check()
      return Groups(try trace.samples(start..<min(start + window, trace.sampleCount)))
    }
    let (least, most) = (groups.map(\.least).min()!, groups.map(\.most).max()!)
    guard most > least else {
      throw CodecError(
        .data, "the trace is constant at \(least) \(trace.units)", at: trace.name,
        remedy: "choose the photodiode's channel with --channel")
    }
    if let level, !(level > least && level < most) {
      throw CodecError(
        .data, "the level \(level) is never crossed: samples lie between \(least) and \(most) \(trace.units)",
        at: trace.name, remedy: "give another --level, or none")
    }
    // Windows in which nothing switched have two groups of noise, close to each other.
    let widest = groups.map { $0.high - $0.low }.max()!
    let switching = groups.enumerated().filter { $1.high - $1.low > 0.5 * widest }
    low = Statistics.median(switching.map(\.element.low))
    high = Statistics.median(switching.map(\.element.high))
    self.hysteresis = hysteresis * (high - low)
    let middles = switching.map {
      (window: $0.offset, threshold: level ?? ($0.element.low + $0.element.high) / 2)
    }
    self.level = Statistics.median(middles.map(\.threshold))
    thresholds = starts.indices.map { Self.interpolated(middles, at: $0) }
    self.window = window
  }

  /// The threshold at a sample.
  func threshold(at sample: Int) -> Double {
    let place = Double(sample) / Double(window) - 0.5
    guard place > 0 else { return thresholds[0] }
    let before = min(Int(place), thresholds.count - 1)
    let after = min(before + 1, thresholds.count - 1)
    return thresholds[before] + (place - Double(before)) * (thresholds[after] - thresholds[before])
  }

  private static func interpolated(_ known: [(window: Int, threshold: Double)], at window: Int) -> Double {
    guard let after = known.first(where: { $0.window >= window }) else { return known.last!.threshold }
    guard let before = known.last(where: { $0.window <= window }), before.window < after.window else {
      return after.threshold
    }
    let share = Double(window - before.window) / Double(after.window - before.window)
    return before.threshold + share * (after.threshold - before.threshold)
  }

  /// The two groups of a window's samples.
  private struct Groups {
    let least: Double
    let most: Double
    let low: Double
    let high: Double

    init(_ samples: [Float]) {
      let thinned = stride(from: 0, to: samples.count, by: max(1, samples.count / 20_000)).map {
        Double(samples[$0])
      }
      let sorted = thinned.sorted()
      // A pulse that the thinning left out still has to count as crossed.
      (least, most) = (Double(samples.min()!), Double(samples.max()!))
      var (low, high) = (sorted[0], sorted[sorted.count - 1])
      for _ in 0..<100 where high > low {
        let middle = (low + high) / 2
        let (below, above) = (sorted.filter { $0 <= middle }, sorted.filter { $0 > middle })
        let next = (Statistics.mean(below), Statistics.mean(above))
        if next == (low, high) { break }
        (low, high) = next
      }
      (self.low, self.high) = (low, high)
    }
  }
}
