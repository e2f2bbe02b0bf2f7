import Foundation
import Numerics

/// What one reads off a spike-triggered average: its place and size, when it peaks, and whether the cell answers to
/// brightening or darkening.
public struct ReceptiveFieldShape: Sendable, Equatable {
  /// What change of brightness drives the cell.
  public enum Polarity: String, Sendable, Codable {
    case on = "ON"
    case off = "OFF"
  }

  /// Its best approximation by one map times one time course.
  public let components: ReceptiveFieldComponents
  /// The sign of the field where it is strongest; nil for a field of zeros.
  public let polarity: Polarity?
  /// Frames before the response at which the time course is strongest; 1 is the frame before.
  public let peakLag: Int?
  /// One standard deviation around the map's weight.
  public let ellipse: FieldEllipse?
  /// The strongest entry over the field's usual size (median magnitude / 0.6745): some five or more for a field that
  /// is there.
  public let signalToNoise: Double

  /// - Parameters:
  ///   - field: `[lag, y, x]` row by row, lag 0 oldest.
  public init(field: ArraySlice<Float>, lags: Int, width: Int) {
    components = ReceptiveFieldComponents(field: field, lags: lags)
    let largest = field.max { abs($0) < abs($1) } ?? 0
    guard largest != 0 else {
      (polarity, peakLag, ellipse, signalToNoise) = (nil, nil, nil, .nan)
      return
    }
    polarity = largest > 0 ? .on : .off
    let temporal = components.temporal
    let peak = temporal.indices.max { abs(temporal[$0]) < abs(temporal[$1]) }
    peakLag = peak.map { lags - $0 }
    ellipse = FieldEllipse(energy: components.spatial.map { Double($0) * Double($0) }, width: width)
    let usual = Statistics.median(field.map { abs(Double($0)) }) / 0.6745
    signalToNoise = usual > 0 ? Double(abs(largest)) / usual : .infinity
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
