import Foundation
import Numerics
import Runtime

/// Sums over samples by class, from which class averages and correlations with classes and superclasses follow without
/// the samples being kept.
///
/// The correlation of a column with a mask of samples needs only the column's sum within the mask, its sum and its sum
/// of squares, so 50,000 samples of 6,144 modes are read once and row by row.
public struct ClassSums: Sendable {
  /// Number of samples of each class.
  public private(set) var counts: [Int]
  /// Sum of each column over each class's samples, `[class, column]`.
  public private(set) var sums: Matrix
  /// Squares are taken of differences from the first row, so that a constant column has none.
  private var reference: [Double] = []
  /// Σ (v − reference) and Σ (v − reference)² by column.
  private var deviations: [Double]
  private var squares: [Double]

  /// Sums over no sample yet.
  public init(classes: Int, columns: Int) {
    counts = Array(repeating: 0, count: classes)
    sums = Matrix(rows: classes, columns: columns)
    deviations = Array(repeating: 0, count: columns)
    squares = deviations
  }

  /// Number of columns.
  public var columns: Int { sums.columns }
  /// Number of classes.
  public var classes: Int { sums.rows }
  /// Number of samples.
  public var samples: Int { counts.reduce(0, +) }
  /// Classes that have samples.
  public var presentClasses: [Int] { counts.indices.filter { counts[$0] > 0 } }

  /// Adds a sample.
  /// - Parameters:
  ///   - row: its values, one for each column.
  public mutating func add(_ row: some Collection<Double>, label: Int) {
    if reference.isEmpty { reference = Array(row) }
    counts[label] += 1
    let start = label * columns
    for (column, value) in row.enumerated() {
      sums.elements[start + column] += value
      let deviation = value - reference[column]
      deviations[column] += deviation
      squares[column] += deviation * deviation
    }
  }

  /// The mean of each column over each class's samples, `[class, column]`; NaN for classes without samples.
  public var averages: Matrix {
    var result = sums
    for label in counts.indices {
      for column in 0..<columns { result[label, column] /= Double(counts[label]) }
    }
    return result
  }

  /// Averages of the classes that have samples, `[present class, column]`.
  public var presentAverages: Matrix {
    let (averages, present) = (averages, presentClasses)
    return Matrix(
      rows: present.count, columns: columns, elements: present.flatMap { Array(averages.row($0)) })
  }

  /// The Pearson correlation of each column with each set of classes (1 for their samples, 0 for the others; eq. 3),
  /// `[column, set]`; NaN for constant columns and for sets that hold no sample or all.
  public func correlations(with sets: [[Int]]) -> Matrix {
    let samples = Double(samples)
    var result = Matrix(rows: columns, columns: sets.count)
    let variances = (0..<columns).map { max(0, squares[$0] - deviations[$0] * deviations[$0] / samples) }
    for (set, classes) in sets.enumerated() {
      let size = Double(classes.reduce(0) { $0 + counts[$1] })
      let spread = size * (samples - size) / samples
      for column in 0..<columns {
        let total = classes.reduce(0.0) { $0 + sums[$1, column] } - size * reference[column]
        let covariance = total - size * deviations[column] / samples
        let correlation = covariance / (variances[column] * spread).squareRoot()
        result[column, set] = min(1, max(-1, correlation))
        if correlation.isNaN || correlation.isInfinite { result[column, set] = .nan }
      }
    }
    return result
  }
}
