/// What a sum of squared deviations is divided by.
public enum Divisor: Sendable {
  /// The number of samples (scikit-learn's covariances).
  case n
  /// The number of samples less one: unbiased.
  case nMinus1

  @inlinable func callAsFunction(_ count: Int) -> Double {
    switch self {
    case .n: Double(count)
    case .nMinus1: Double(count - 1)
    }
  }
}

/// Statistics in double precision. Undefined ones (a correlation with a constant, the mean of nothing) are NaN.
public enum Statistics {
  /// The arithmetic mean; a constant array gives exactly its value.
  public static func mean(_ values: some Collection<Double>) -> Double {
    guard let first = values.first else { return .nan }
    return first + values.reduce(0) { $0 + ($1 - first) } / Double(values.count)
  }

  /// The variance; exactly zero for a constant array.
  public static func variance(_ values: some Collection<Double>, divisor: Divisor = .nMinus1) -> Double {
    let centre = mean(values)
    return values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / divisor(values.count)
  }

  /// The square root of the variance.
  public static func standardDeviation(_ values: some Collection<Double>, divisor: Divisor = .nMinus1)
    -> Double
  {
    variance(values, divisor: divisor).squareRoot()
  }

  /// The middle value (mean of the middle two); NaN for none.
  public static func median(_ values: some Collection<Double>) -> Double { quantile(values, 0.5) }

  /// The value below which a fraction of the values lies, interpolated linearly as NumPy does.
  public static func quantile(_ values: some Collection<Double>, _ fraction: Double) -> Double {
    precondition((0...1).contains(fraction))
    let sorted = values.sorted()
    guard !sorted.isEmpty, !sorted.contains(where: \.isNaN) else { return .nan }
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The Pearson correlation of two arrays; NaN where one of them is constant.
  public static func pearson<X: Collection<Double>, Y: Collection<Double>>(_ x: X, _ y: Y) -> Double {
    precondition(x.count == y.count, "correlation of \(x.count) with \(y.count) values")
    let (meanX, meanY) = (mean(x), mean(y))
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
      let (dx, dy) = (x - meanX, y - meanY)
      xx += dx * dx
      yy += dy * dy
      xy += dx * dy
    }
    return clampCorrelation(xy / (xx.squareRoot() * yy.squareRoot()))
  }

  /// The mean of each column.
  public static func columnMeans(_ samples: Matrix) -> [Double] {
    guard samples.rows > 0 else { return Array(repeating: .nan, count: samples.columns) }
    let first = Array(samples.row(0))
    var sums = Array(repeating: 0.0, count: samples.columns)
    for row in 1..<max(samples.rows, 1) {
      for (column, value) in samples.row(row).enumerated() { sums[column] += value - first[column] }
    }
    return zip(first, sums).map { $0 + $1 / Double(samples.rows) }
  }

  /// `samples` less each column's mean; constant columns become exactly zero.
  public static func centred(_ samples: Matrix) -> Matrix {
    let means = columnMeans(samples)
    var result = samples
    for row in 0..<samples.rows {
      let start = row * samples.columns
      for column in 0..<samples.columns { result.elements[start + column] -= means[column] }
    }
    return result
  }

  /// `samples` with each column at mean 0 and standard deviation 1 (divisor n); constant columns become zero.
  public static func standardised(_ samples: Matrix) -> Matrix {
    var result = centred(samples)
    for column in 0..<samples.columns {
      let deviation = variance(result.column(column), divisor: .n).squareRoot()
      for row in 0..<samples.rows where deviation > 0 { result[row, column] /= deviation }
    }
    return result
  }

  /// The covariance of the columns of `samples` [sample, variable].
  public static func covariance(_ samples: Matrix, divisor: Divisor = .nMinus1) -> Matrix {
    let deviations = centred(samples)
    var result = Matrix.product(deviations, deviations, transposeLeft: true)
    let scale = 1 / divisor(samples.rows)
    for index in result.elements.indices { result.elements[index] *= scale }
    return result
  }

  /// The Pearson correlations of the columns of `samples` [sample, variable]; NaN for constant columns.
  public static func correlationMatrix(_ samples: Matrix) -> Matrix { correlationMatrix(samples, samples) }

  /// The Pearson correlation of each column of `x` [sample, p] with each of `y` [sample, q]: [p, q], NaN for
  /// constant columns.
  public static func correlationMatrix(_ x: Matrix, _ y: Matrix) -> Matrix {
    precondition(x.rows == y.rows, "correlation of \(x.rows) with \(y.rows) samples")
    var result = Matrix.product(unitColumns(x), unitColumns(y), transposeLeft: true)
    for index in result.elements.indices { result.elements[index] = clampCorrelation(result.elements[index]) }
    return result
  }

  /// Centred columns of unit norm; NaN for constant ones.
  private static func unitColumns(_ samples: Matrix) -> Matrix {
    var result = centred(samples)
    var squares = Array(repeating: 0.0, count: samples.columns)
    for row in 0..<samples.rows {
      for (column, value) in result.row(row).enumerated() { squares[column] += value * value }
    }
    let norms = squares.map { $0.squareRoot() }
    for row in 0..<samples.rows {
      for column in 0..<samples.columns { result[row, column] /= norms[column] }
    }
    return result
  }

  /// Rounding may take a perfect correlation past one; NaN stays.
  private static func clampCorrelation(_ value: Double) -> Double { value > 1 ? 1 : value < -1 ? -1 : value }
}
