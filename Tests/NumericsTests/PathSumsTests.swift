import Numerics
import Testing

/// Deterministic numbers around 0.
private func numbers(_ count: Int, seed: Int) -> [Float] {
  (0..<count).map { Float(($0 * 7919 + seed * 104_729) % 2003) / 1001 - 1 }
}

@Suite struct PathSumsTests {
  @Test func termSums_equalTheirDefinition() {
    for units in [1, 15, 16, 1023, 1025, 2600] {
      let (values, gradients) = (numbers(4 * units, seed: 1), numbers(4 * units, seed: 2))
      let terms = [
        PathTerm(gradientRows: (0, 1), valueRows: (1, 3), weight: 1),
        PathTerm(gradientRows: (2, 2), valueRows: (0, 2), weight: -1),
      ]
      var sum = [Float](repeating: 0.5, count: units + 3)
      PathSums.add(terms, units: units, values: values.span, gradients: gradients.span, to: &sum, at: 2)
      let totals = PathSums.totals(of: terms, units: units, values: values.span, gradients: gradients.span)
      var expectedTotals = [0.0, 0.0]
      for unit in 0..<units {
        func v(_ row: Int) -> Float { values[row * units + unit] }
        func g(_ row: Int) -> Float { gradients[row * units + unit] }
        let parts = [0.5 * (g(0) + g(1)) * (v(3) - v(1)), -g(2) * (v(2) - v(0))]
        #expect(abs(sum[unit + 2] - 0.5 - parts[0] - parts[1]) < 1e-5)
        for part in 0..<2 { expectedTotals[part] += Double(parts[part]) }
      }
      #expect(sum[0] == 0.5 && sum[1] == 0.5 && sum[units + 2] == 0.5)
      for (total, expected) in zip(totals, expectedTotals) { #expect(abs(total - expected) < 1e-4) }
    }
  }

  @Test func products_equalTheirDefinition() {
    let units = 1100
    let (a, b, origin) = (numbers(3 * units, seed: 3), numbers(3 * units, seed: 4), numbers(units, seed: 5))
    for origin in [nil, origin] {
      var sum = [Float](repeating: 0, count: units)
      PathSums.addProducts(
        rows: 1..<3, weights: [0.25, 2], units: units, a.span, minus: origin, b.span, to: &sum, at: 0)
      for unit in 0..<units {
        let terms = [(1, Float(0.25)), (2, 2)].map { row, weight in
          weight * (a[row * units + unit] - (origin?[unit] ?? 0)) * b[row * units + unit]
        }
        #expect(abs(sum[unit] - terms[0] - terms[1]) < 1e-5)
      }
    }
  }

  @Test func pathPoints_lieOnTheStraightLine() {
    let units = 1500
    let (from, ends) = (numbers(units, seed: 6), numbers(2 * units, seed: 7))
    var points = [Float](repeating: 9, count: 4 * units)
    var span = points.mutableSpan
    PathSums.writePoints(
      along: [0, 0.25, 1], from: from, ends: ends, endOffset: units, into: &span, row: 1)
    for unit in 0..<units {
      #expect(points[unit] == 9)
      #expect(points[units + unit] == from[unit])
      let quarter = 0.75 * from[unit] + 0.25 * ends[units + unit]
      #expect(abs(points[2 * units + unit] - quarter) < 1e-6)
      #expect(abs(points[3 * units + unit] - ends[units + unit]) < 1e-6)
    }
  }

  @Test func signSplit_sumsEachSignByChannelInEveryLayout() {
    for (shape, axis) in [([3, 7, 9], 0), ([40, 5], 1), ([6], 0), ([2, 3, 17], 1)] {
      let layout = ChannelLayout(shape: shape, channelAxis: axis)
      let map = numbers(layout.units + 4, seed: 8)
      let (negative, positive) = layout.signSplit(map.span, at: 4)
      var expected = (negative: [Double](repeating: 0, count: layout.channels), positive: [Double]())
      expected.positive = expected.negative
      for unit in 0..<layout.units {
        let (value, channel) = (Double(map[unit + 4]), unit / layout.inner % layout.channels)
        if value < 0 { expected.negative[channel] += value } else { expected.positive[channel] += value }
      }
      for channel in 0..<layout.channels {
        #expect(abs(negative[channel] - expected.negative[channel]) < 1e-9)
        #expect(abs(positive[channel] - expected.positive[channel]) < 1e-9)
      }
    }
  }

  @Test func signSplit_keepsNaN() {
    let layout = ChannelLayout(shape: [2, 3], channelAxis: 0)
    let map: [Float] = [1, .nan, 2, 1, 1, 1]
    #expect(layout.signSplit(map.span).negative[0].isNaN)
  }
}
