import Foundation

/// The ellipse of one standard deviation around a map's weight, its weak parts left out.
package struct Ellipse {
  package let x, y: Double
  private let xx, xy, yy: Double

  /// - Parameter energy: rows from the top; nil is returned where it is nowhere above zero.
  package init?(energy: [Double], width: Int) {
    guard let peak = energy.max(), peak > 0 else { return nil }
    var (sum, sx, sy, sxx, sxy, syy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (pixel, value) in energy.enumerated() where value >= 0.1 * peak {
      let (x, y) = (Double(pixel % width), Double(pixel / width))
      (sum, sx, sy) = (sum + value, sx + value * x, sy + value * y)
      (sxx, sxy, syy) = (sxx + value * x * x, sxy + value * x * y, syy + value * y * y)
    }
    (x, y) = (sx / sum, sy / sum)
    // A pixel is not a point: its own variance of 1/12 keeps one-pixel fields visible.
    (xx, xy, yy) = (sxx / sum - x * x + 1 / 12, sxy / sum - x * y, syy / sum - y * y + 1 / 12)
  }

  /// Points around it, closed.
  package var outline: [(Double, Double)] {
    let (mean, half) = ((xx + yy) / 2, (xx - yy) / 2)
    let root = (half * half + xy * xy).squareRoot()
    let (long, short) = ((mean + root).squareRoot(), max(mean - root, 0).squareRoot())
    let angle = 0.5 * atan2(2 * xy, xx - yy)
    return (0...48).map {
      let turn = Double($0) / 48 * 2 * Double.pi
      let (u, v) = (long * cos(turn), short * sin(turn))
      return (x + u * cos(angle) - v * sin(angle), y + u * sin(angle) + v * cos(angle))
    }
  }
}
