import Numerics

/// What a layer's modes, or its single channels, say about classes (paper Fig. 5 and S9).
struct ClassReading: Sendable {
  /// A mean and its standard deviation at each rank.
  struct Ranked: Sendable {
    var mean: [Double] = []
    var deviation: [Double] = []
  }

  /// Pearson correlation of each unit with each class, `[unit, class]`; 0 where undefined.
  let correlation: Matrix
  /// The same with superclasses; `nil` where there is no tree.
  let superclassCorrelation: Matrix?
  /// Correlations that are undefined: classes without samples, and units that never change.
  let undefined: Int
  /// The largest correlation of each unit over classes.
  let best: [Double]
  /// The class each unit correlates with most.
  let bestClass: [Int]

  /// - Parameter sums: of the units' values; columns are units.
  init(_ sums: ClassSums, tree: ClassTree?) {
    let raw = sums.correlations(with: (0..<sums.classes).map { [$0] })
    undefined = raw.elements.count(where: \.isNaN)
    correlation = raw.undefinedAsZero
    superclassCorrelation = tree.map {
      sums.correlations(with: $0.superclasses.map(\.classes)).undefinedAsZero
    }
    bestClass = (0..<correlation.rows).map { [correlation] unit in
      let row = correlation.row(unit)
      return row.indices.max { row[$0] < row[$1] }! - row.startIndex
    }
    best = bestClass.enumerated().map { [correlation] in correlation[$0, $1] }
  }

  /// Where a correlation counts (paper §10.3, Fig. S3).
  static let limit = 0.2

  /// Units that correlate with some class above the limit.
  var unitsAbove: Int { best.count { $0 > Self.limit } }

  /// How many units correlate with each class above the limit.
  var unitsOfClass: [Int] {
    (0..<correlation.columns).map { column in correlation.column(column).count { $0 > Self.limit } }
  }

  /// How many classes each unit correlates with above the limit.
  var classesOfUnit: [Int] {
    (0..<correlation.rows).map { unit in correlation.row(unit).count { $0 > Self.limit } }
  }

  /// Classes that some unit correlates with above the limit.
  var classesAbove: Int { unitsOfClass.count { $0 > 0 } }

  /// Superclasses that some unit correlates with above the limit.
  var superclassesAbove: Int? {
    superclassCorrelation.map { matrix in
      (0..<matrix.columns).count { column in matrix.column(column).contains { $0 > Self.limit } }
    }
  }

  /// The histogram of ``best`` in bins of 0.02 from 0 to 1; what is below 0 counts in the first.
  var histogram: [Int] {
    var counts = [Int](repeating: 0, count: Self.bins)
    for value in best { counts[min(Self.bins - 1, max(0, Int(value * Double(Self.bins))))] += 1 }
    return counts
  }

  /// Bins of ``histogram``.
  static let bins = 50

  /// Correlations of each class with the units, largest first, averaged over classes (S9, top).
  var overUnits: Ranked { Self.ranked((0..<correlation.columns).map(correlation.column)) }

  /// Correlations of each unit with the classes, largest first, averaged over units (S9, bottom).
  var overClasses: Ranked { Self.ranked((0..<correlation.rows).map { Array(correlation.row($0)) }) }

  private static func ranked(_ rows: [[Double]]) -> Ranked {
    let sorted = rows.map { $0.sorted(by: >) }
    var result = Ranked()
    for rank in 0..<(sorted.first?.count ?? 0) {
      let values = sorted.map { $0[rank] }
      result.mean.append(Statistics.mean(values))
      result.deviation.append(Statistics.standardDeviation(values, divisor: .n))
    }
    return result
  }
}
