import Foundation
import Numerics

/// What one reads off a spike-triggered average: its place and size, when it peaks, and whether the cell answers to
/// brightening or darkening.
public struct ReceptiveFieldShape: Sendable, Equatable {
  /// What change of brightness drives the cell.
  public enum Polarity: String, Sendable, Codable {
    case on = "ON"
    case off = "OFF"
    /// Both signs: the average is what is left of contributions that cancel out.
    case onOff = "ON-OFF"
  }

  /// Its best approximation by one map times one time course.
  public let components: ReceptiveFieldComponents
  /// The sign of the field where it is strongest, or both (`ChangeResponses`); nil for a field of zeros.
  public let polarity: Polarity?
  /// Frames before the response at which the time course is strongest; 1 is the frame before. For ON–OFF cells that of
  /// brightness turned to the sign of its change.
  public let peakLag: Int?
  /// The same between frames: the top of the parabola through the strongest lag and its neighbours.
  public let peakDelay: Double?
  /// One standard deviation around the map's weight; for ON–OFF cells around where changes of either sign act.
  public let ellipse: FieldEllipse?
  /// The strongest entry over the field's usual size (median magnitude / 0.6745): some five or more for a field that
  /// is there.
  public let signalToNoise: Double

  /// - Parameters:
  ///   - field: `[lag, y, x]` row by row, lag 0 oldest.
  public init(field: ArraySlice<Float>, lags: Int, width: Int) {
    self.init(field: field, lags: lags, width: width, changes: nil)
  }

  /// - Parameter changes: how the cell answers to brightening and darkening, where that was asked.
  init(field: ArraySlice<Float>, lags: Int, width: Int, changes: ChangeResponses.Answer?) {
    components = ReceptiveFieldComponents(field: field, lags: lags)
    let largest = field.max { abs($0) < abs($1) } ?? 0
    guard largest != 0 else {
      (polarity, peakLag, peakDelay, ellipse, signalToNoise) = (nil, nil, nil, nil, .nan)
      return
    }
    let onOff = changes.flatMap { $0.isOnOff ? $0 : nil }
    polarity = onOff != nil ? .onOff : largest > 0 ? .on : .off
    let peak = Self.peak(onOff?.temporal ?? components.temporal.map(Double.init), lags: onOff?.lags)
    (peakLag, peakDelay) = (peak.lag, peak.delay)
    let energy = components.spatial.map { Double($0) * Double($0) }
    ellipse = onOff != nil ? onOff?.place : FieldEllipse(energy: energy, width: width)
    let usual = Statistics.median(field.map { abs(Double($0)) }) / 0.6745
    signalToNoise = usual > 0 ? Double(abs(largest)) / usual : .infinity
  }

  /// Where a time course, oldest frame first, is strongest: in whole frames before the response and between them.
  /// - Parameter lags: where it is looked for, frames before the response; nil for the whole course.
  package static func peak(
    _ temporal: [Double], lags: ClosedRange<Int>? = nil
  ) -> (lag: Int?, delay: Double?) {
    let count = temporal.count
    let searched = temporal.indices.filter { lags?.contains(count - $0) ?? true }
    guard let top = searched.max(by: { abs(temporal[$0]) < abs(temporal[$1]) }) else { return (nil, nil) }
    let lag = count - top
    guard top > 0, top < count - 1 else { return (lag, Double(lag)) }
    let (before, after) = (abs(temporal[top - 1]), abs(temporal[top + 1]))
    let bend = before - 2 * abs(temporal[top]) + after
    // Where the course still rises beyond what is searched there is no parabola with its top near.
    guard bend < 0, max(before, after) <= abs(temporal[top]) else { return (lag, Double(lag)) }
    return (lag, Double(lag) - 0.5 * (before - after) / bend)
  }
}

/// The ellipse of one standard deviation around a map's weight, parts below a quarter of the peak left out.
public struct FieldEllipse: Sendable, Equatable {
  /// The centre, pixels from the middle of the first.
  public let y, x: Double
  /// Half axes, pixels.
  public let major, minor: Double
  /// The major axis's direction, radians from the x axis towards larger y.
  public let angle: Double

  /// An ellipse from its numbers.
  package init(y: Double, x: Double, major: Double, minor: Double, angle: Double) {
    (self.y, self.x, self.major, self.minor, self.angle) = (y, x, major, minor, angle)
  }

  /// - Parameter energy: rows from the top; nil is returned where it is nowhere above zero.
  public init?(energy: [Double], width: Int) {
    guard let peak = energy.max(), peak > 0 else { return nil }
    var (sum, sx, sy, sxx, sxy, syy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (pixel, value) in energy.enumerated() where value >= 0.25 * peak {
      let (x, y) = (Double(pixel % width), Double(pixel / width))
      (sum, sx, sy) = (sum + value, sx + value * x, sy + value * y)
      (sxx, sxy, syy) = (sxx + value * x * x, sxy + value * x * y, syy + value * y * y)
    }
    (x, y) = (sx / sum, sy / sum)
    // A pixel is not a point: its own variance of 1/12 keeps fields of one pixel visible.
    let (xx, yy) = (sxx / sum - x * x + 1 / 12, syy / sum - y * y + 1 / 12)
    let xy = sxy / sum - x * y
    let (mean, half) = ((xx + yy) / 2, (xx - yy) / 2)
    let root = (half * half + xy * xy).squareRoot()
    (major, minor) = ((mean + root).squareRoot(), max(mean - root, 0).squareRoot())
    angle = 0.5 * atan2(2 * xy, xx - yy)
  }
}
