import Foundation
import Numerics

/// Where the cells of a simulated retina sit: each type tiles the field with a mosaic of its own.
enum SimulatedMosaic {
  /// `count` places of a jittered hexagonal lattice with random offset and direction.
  /// - Returns: (y, x) within `0..<height` × `0..<width`, those nearest to the centre first.
  static func places(
    _ count: Int, height: Double, width: Double, _ stream: RandomStream
  ) -> [(y: Double, x: Double)] {
    var random = stream
    let (angle, offsetY, offsetX) = (Double.pi * random.uniform() / 3, random.uniform(), random.uniform())
    // The spacing at which `count` hexagons fill the field; closer until that many points are inside.
    var spacing = (2 * height * width / (3.0.squareRoot() * Double(count))).squareRoot()
    while true {
      let inside = lattice(spacing, angle: angle, offset: (offsetY, offsetX), reach: height + width)
        .map { (y: $0.y + height / 2, x: $0.x + width / 2) }
        .filter { (0..<height).contains($0.y) && (0..<width).contains($0.x) }
      if inside.count >= count {
        return jittered(
          Array(inside.prefix(count)), by: 0.12 * spacing, height: height, width: width, &random)
      }
      spacing *= 0.97
    }
  }

  /// Points of a hexagonal lattice around the origin, nearest first.
  private static func lattice(
    _ spacing: Double, angle: Double, offset: (Double, Double), reach: Double
  ) -> [(y: Double, x: Double)] {
    let steps = Int(reach / spacing) + 2
    var points: [(y: Double, x: Double)] = []
    for row in -steps...steps {
      for column in -steps...steps {
        let u = spacing * (Double(column) + offset.1 + (row.isMultiple(of: 2) ? 0 : 0.5))
        let v = spacing * (Double(row) + offset.0) * 3.0.squareRoot() / 2
        points.append((u * sin(angle) + v * cos(angle), u * cos(angle) - v * sin(angle)))
      }
    }
    return points.sorted { $0.y * $0.y + $0.x * $0.x < $1.y * $1.y + $1.x * $1.x }
  }

  private static func jittered(
    _ places: [(y: Double, x: Double)], by sd: Double, height: Double, width: Double,
    _ random: inout RandomStream
  ) -> [(y: Double, x: Double)] {
    places.map { place in
      let y = place.y + sd * random.normal()
      let x = place.x + sd * random.normal()
      return (min(max(y, 0), height - 1), min(max(x, 0), width - 1))
    }
  }
}
