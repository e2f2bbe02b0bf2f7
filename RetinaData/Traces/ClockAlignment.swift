import Numerics
import Runtime

/// How the clock of one device runs against another's, from events that both saw.
///
///     let clocks = try ClockAlignment(from: loggedFrameTimes, to: onsets.times)
///     print(clocks.driftPartsPerMillion, clocks.worstResidual)
public struct ClockAlignment: Sendable, Equatable, Codable {
  /// Seconds on the second clock when the first shows zero.
  public let offset: Double
  /// Seconds on the second clock for each on the first.
  public let rate: Double
  /// The largest distance of an event from that line, seconds.
  public let worstResidual: Double
  /// The event it belongs to, from 0.
  public let worstEvent: Int

  /// How much faster the second clock runs, parts per million.
  public var driftPartsPerMillion: Double { (rate - 1) * 1e6 }

  /// Fits a line by least squares.
  /// - Parameters:
  ///   - first: times of the events on the first clock, seconds, ascending.
  ///   - second: the same events on the second.
  ///   - tolerance: seconds; an event further from the line means that the clocks disagree.
  /// - Throws: `CodecError` of kind `data` where the numbers of events differ or the clocks disagree, naming the event.
  public init(
    from first: [Double], to second: [Double], tolerance: Double = .infinity, at place: String? = nil
  ) throws {
    guard first.count == second.count, first.count >= 2, (first + second).allSatisfy(\.isFinite) else {
      throw CodecError(
        .data, "\(first.count) events on one clock, \(second.count) on the other", at: place,
        remedy: "give the times of the same events, two or more")
    }
    let (meanFirst, meanSecond) = (Statistics.mean(first), Statistics.mean(second))
    var (square, product) = (0.0, 0.0)
    for (x, y) in zip(first, second) {
      square += (x - meanFirst) * (x - meanFirst)
      product += (x - meanFirst) * (y - meanSecond)
    }
    guard square > 0, product > 0 else {
      throw CodecError(.data, "the clocks do not run in the same direction", at: place)
    }
    let rate = product / square
    let offset = meanSecond - rate * meanFirst
    let residuals = zip(first, second).map { abs($1 - offset - rate * $0) }
    let worst = residuals.indices.max { residuals[$0] < residuals[$1] }!
    (self.rate, self.offset, worstResidual, worstEvent) = (rate, offset, residuals[worst], worst)
    guard worstResidual <= tolerance else {
      throw CodecError(
        .data,
        "the clocks disagree: event \(worst), at \(second[worst]) s, is \(worstResidual) s from where "
          + "the other clock puts it",
        at: place, remedy: "an event is missing in one of them, or one clock jumped")
    }
  }

  /// A time of the first clock on the second.
  public func converted(_ time: Double) -> Double { offset + rate * time }
}
