import Figures
import Retina
import Foundation
import Numerics
import Testing

@Suite struct ThinningTests {
  /// Of a long line every stretch keeps its lowest and highest value, and nothing is kept that is not there.
  @Test(arguments: [1 as UInt64, 2, 3]) func envelope_losesNoPeak(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let (count, buckets) = (1000 + random.integer(below: 4000), 10 + random.integer(below: 100))
    let x = (0..<count).map(Double.init)
    let y = x.map { _ in random.normal() }
    let (keptX, keptY) = Thinning.envelope(x, y, buckets: buckets)
    #expect(keptX.count <= 2 * buckets)
    #expect(keptX == keptX.sorted())
    for (place, value) in zip(keptX, keptY) { #expect(y[Int(place)] == value) }
    for bucket in 0..<buckets {
      let range = bucket * count / buckets..<(bucket + 1) * count / buckets
      let kept = zip(keptX, keptY).filter { range.contains(Int($0.0)) }.map(\.1)
      #expect(kept.min() == y[range].min() && kept.max() == y[range].max())
    }
  }

  @Test func shortLines_stayAsTheyAre() {
    let (x, y) = Thinning.envelope([0, 1, 2], [3, .nan, 5], buckets: 2)
    #expect(x == [0, 1, 2] && y[0] == 3 && y[1].isNaN && y[2] == 5)
  }

  /// The ellipse of a turned Gaussian has its centre and axes.
  @Test func ellipse_isTheGaussians() throws {
    let (width, height, angle, long, short) = (61, 51, 0.5, 7.0, 3.0)
    let energy = (0..<width * height).map { pixel in
      let (dx, dy) = (Double(pixel % width) - 28, Double(pixel / width) - 24)
      let (u, v) = (dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle))
      return exp(-0.5 * (u * u / (long * long) + v * v / (short * short)))
    }
    let ellipse = try #require(FieldEllipse(energy: energy, width: width))
    #expect(abs(ellipse.x - 28) < 0.05 && abs(ellipse.y - 24) < 0.05)
    let first = try #require(ellipse.outline.first)
    #expect(abs(atan2(first.1 - ellipse.y, first.0 - ellipse.x) - angle) < 0.02)
    // Below a quarter of the peak the map is left out, which narrows a Gaussian to 0.73 of its deviation.
    let reach = hypot(first.0 - ellipse.x, first.1 - ellipse.y)
    #expect(reach > 0.68 * long && reach < 0.78 * long)
    #expect(FieldEllipse(energy: Array(repeating: 0, count: 9), width: 3) == nil)
  }
}
