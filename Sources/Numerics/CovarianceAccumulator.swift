/// The mean and covariance of rows that stream by, in double precision and one pass.
///
/// Rows are gathered as sums of deviations from the mean so far (Chan, Golub and LeVeque 1983), which does not
/// lose digits where the mean is large against the spread; a column that never changes keeps a variance of exactly
/// zero. The result depends on how rows were grouped only by rounding.
public struct CovarianceAccumulator: Sendable, Equatable {
  /// Number of rows seen.
  public private(set) var count = 0
  /// The mean of each column so far (zeros before the first row).
  public private(set) var mean: [Double]
  /// Sums of products of deviations, [column, column].
  private var scatter: Matrix

  /// - Parameters:
  ///   - columns: number of variables in a row.
  public init(columns: Int) {
    mean = Array(repeating: 0, count: columns)
    scatter = Matrix(rows: columns, columns: columns)
  }

  /// The accumulator of all rows of a matrix [sample, variable].
  public init(_ rows: Matrix) {
    self.init(columns: rows.columns)
    add(rows)
  }

  /// Number of variables in a row.
  public var columns: Int { mean.count }

  /// Adds one row.
  public mutating func add(row: some Collection<Double>) {
    precondition(row.count == columns, "a row of \(row.count) among rows of \(columns)")
    count += 1
    let before = zip(row, mean).map { $0 - $1 }
    for index in mean.indices { mean[index] += before[index] / Double(count) }
    let after = zip(row, mean).map { $0 - $1 }
    for (index, deviation) in before.enumerated() where deviation != 0 {
      for other in 0..<columns { scatter.elements[index * columns + other] += deviation * after[other] }
    }
  }

  /// Adds the rows of a matrix [sample, variable].
  public mutating func add(_ rows: Matrix) {
    precondition(rows.columns == columns, "rows of \(rows.columns) among rows of \(columns)")
    guard rows.rows > 0 else { return }
    let deviations = Statistics.centred(rows)
    var batch = CovarianceAccumulator(columns: columns)
    batch.count = rows.rows
    batch.mean = Statistics.columnMeans(rows)
    batch.scatter = Matrix.product(deviations, deviations, transposeLeft: true)
    merge(batch)
  }

  /// Adds the rows of a single-precision tensor; every axis but the first counts as one row.
  public mutating func add(_ rows: Tensor) {
    add(Matrix(rows.reshaped([rows.rows, rows.rowCount])))
  }

  /// Adds everything another accumulator has seen.
  public mutating func merge(_ other: CovarianceAccumulator) {
    precondition(other.columns == columns)
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = Double(count + other.count)
    let difference = zip(other.mean, mean).map { $0 - $1 }
    let weight = Double(count) * Double(other.count) / total
    for row in 0..<columns {
      for column in 0..<columns {
        scatter[row, column] += other.scatter[row, column] + weight * difference[row] * difference[column]
      }
    }
    for index in mean.indices { mean[index] += difference[index] * Double(other.count) / total }
    count += other.count
  }

  /// The covariance of the rows seen; NaN for fewer rows than the divisor needs.
  public func covariance(divisor: Divisor = .nMinus1) -> Matrix {
    let scale = divisor(count)
    var result = scatter
    for row in 0..<columns {
      for column in 0...row {
        let value = scale > 0 ? (scatter[row, column] + scatter[column, row]) / (2 * scale) : .nan
        result[row, column] = value
        result[column, row] = value
      }
    }
    return result
  }

  /// The variance of each column.
  public func variance(divisor: Divisor = .nMinus1) -> [Double] {
    let scale = divisor(count)
    return (0..<columns).map { scale > 0 ? scatter[$0, $0] / scale : .nan }
  }
}
