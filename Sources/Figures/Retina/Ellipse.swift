import Foundation
import Retina

extension FieldEllipse {
  /// Points around it, closed.
  package var outline: [(Double, Double)] {
    (0...48).map {
      let turn = Double($0) / 48 * 2 * Double.pi
      let (u, v) = (major * cos(turn), minor * sin(turn))
      return (x + u * cos(angle) - v * sin(angle), y + u * sin(angle) + v * cos(angle))
    }
  }
}
