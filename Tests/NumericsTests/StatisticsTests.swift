import Numerics
import Testing

@Suite struct StatisticsTests {
  @Test func smallArray_hasTheTextbookStatistics() {
    let values = [2.0, 4, 4, 4, 5, 5, 7, 9]
    #expect(Statistics.mean(values) == 5)
    #expect(Statistics.variance(values, divisor: .n) == 4)
    #expect(Statistics.variance(values) == 32.0 / 7)
    #expect(Statistics.standardDeviation(values, divisor: .n) == 2)
    #expect(Statistics.median(values) == 4.5)
    #expect(Statistics.quantile(values, 0.25) == 4)
    #expect(Statistics.quantile(values, 1) == 9)
    #expect(Statistics.mean([]).isNaN && Statistics.median([]).isNaN)
  }

  @Test(arguments: [0.1, 1e9 + 0.3, -7.7e-12, 0])
  func constants_haveExactlyNoSpread(value: Double) {
    let values = Array(repeating: value, count: 1001)
    #expect(Statistics.mean(values) == value)
    #expect(Statistics.variance(values) == 0)
    #expect(Statistics.pearson(values, (0..<1001).map(Double.init)).isNaN)
  }

  @Test func pearson_ignoresScaleAndOffset_andIsBounded() {
    var stream = RandomStream(seed: 31)
    let (x, y) = (stream.normals(100), stream.normals(100))
    let value = Statistics.pearson(x, y)
    #expect(abs(Statistics.pearson(x.map { 3 * $0 + 1e3 }, y.map { 5 - 0.1 * $0 }) + value) < 1e-10)
    #expect(abs(value) < 0.5)
    for _ in 0..<200 {
      let line = stream.normals(3 + stream.integer(below: 5))
      let same = Statistics.pearson(line, line.map { 0.3 * $0 })
      #expect(same <= 1 && same > 1 - 1e-12)
    }
  }

  @Test func correlationMatrix_isPearsonOfColumns() {
    var stream = RandomStream(seed: 32)
    var (x, y) = (stream.matrix(40, 4), stream.matrix(40, 3))
    for row in 0..<40 { x[row, 2] = 0.7 }
    y[0, 0] = 20
    let table = Statistics.correlationMatrix(x, y)
    let plain = (0..<4).flatMap { i in (0..<3).map { Statistics.pearson(x.column(i), y.column($0)) } }
    #expect(largestDifference(table.elements, plain) < 1e-12)
    #expect(table.row(2).allSatisfy { $0.isNaN })
    let own = Statistics.correlationMatrix(y)
    #expect((0..<3).allSatisfy { abs(own[$0, $0] - 1) < 1e-12 })
  }

  @Test func covariance_isThatOfDefinition() {
    var stream = RandomStream(seed: 33)
    let x = stream.matrix(25, 3)
    let table = Statistics.covariance(x)
    for i in 0..<3 {
      #expect(abs(table[i, i] - Statistics.variance(x.column(i))) < 1e-12)
      for j in 0..<3 {
        let (a, b) = (x.column(i), x.column(j))
        let sum = zip(a, b).reduce(0) {
          $0 + ($1.0 - Statistics.mean(a)) * ($1.1 - Statistics.mean(b))
        }
        #expect(abs(table[i, j] - sum / 24) < 1e-12)
      }
    }
    #expect(abs(Statistics.covariance(x, divisor: .n)[0, 1] - table[0, 1] * 24 / 25) < 1e-12)
  }

  /// However the rows are grouped, and even far from zero, the accumulator gives the two-pass covariance.
  @Test(arguments: [0, 1e6]) func accumulator_agreesWithTwoPasses(offset: Double) {
    var stream = RandomStream(seed: 34)
    var x = stream.matrix(300, 5)
    for index in x.elements.indices { x.elements[index] += offset }
    for row in 0..<300 { x[row, 4] = 0.1 }
    var (whole, parts) = (CovarianceAccumulator(columns: 5), CovarianceAccumulator(columns: 5))
    whole.add(x)
    var start = 0
    while start < 300 {
      let count = min(1 + stream.integer(below: 40), 300 - start)
      let block = Matrix(
        rows: count, columns: 5, elements: Array(x.elements[start * 5..<(start + count) * 5]))
      if count % 3 == 0 {
        for row in 0..<count { parts.add(row: block.row(row)) }
      } else {
        var part = CovarianceAccumulator(columns: 5)
        part.merge(CovarianceAccumulator(block))
        parts.merge(part)
      }
      start += count
    }
    let expected = Statistics.covariance(x)
    for accumulator in [whole, parts] {
      #expect(accumulator.count == 300)
      #expect(largestDifference(accumulator.mean, Statistics.columnMeans(x)) < 1e-9)
      #expect(largestDifference(accumulator.covariance(), expected) < 1e-9)
      #expect(accumulator.variance()[4] == 0)
    }
  }

  @Test func accumulator_ofTooFewRows_isNaN() {
    var accumulator = CovarianceAccumulator(columns: 2)
    #expect(accumulator.covariance().elements.allSatisfy { $0.isNaN })
    accumulator.add(Tensor(shape: [1, 2], elements: [1, 2]))
    #expect(accumulator.variance()[0].isNaN && accumulator.variance(divisor: .n) == [0, 0])
  }
}
