import Runtime

/// The principal components of samples: orthonormal directions of falling variance.
///
///     let pca = try PrincipalComponents(data)
///     let enough = pca.count(explaining: 0.95)
///     let approximation = pca.reconstruction(data, components: enough)
public struct PrincipalComponents: Sendable {
  /// The mean of each feature.
  public let mean: [Double]
  /// The directions as rows, [component, feature]; each one's largest entry is positive.
  public let components: Matrix
  /// The variance along each component (divisor n − 1), largest first.
  public let explainedVariance: [Double]
  /// The share of each component in the variance of all features; NaN where nothing varies.
  public let explainedVarianceRatio: [Double]

  /// Finds min(samples, features) components of `samples` [sample, feature].
  /// - Throws: `CodecError` of kind data for fewer than two samples or numbers that are not finite.
  public init(_ samples: Matrix, at place: String? = nil) throws {
    guard samples.rows >= 2 else {
      throw CodecError(
        .data, "principal components of \(samples.rows) samples", at: place, remedy: "two are needed")
    }
    try samples.requireFinite("principal components", at: place)
    let variances: [Double]
    if samples.rows >= samples.columns {
      let (values, vectors) = LinearAlgebra.symmetricEigen(Statistics.covariance(samples))
      variances = values.map { max($0, 0) }
      components = vectors.transposed
    } else {
      let (_, s, vt) = LinearAlgebra.singularValues(Statistics.centred(samples))
      variances = s.map { $0 * $0 / Double(samples.rows - 1) }
      components = vt
    }
    let total = variances.reduce(0, +)
    mean = Statistics.columnMeans(samples)
    explainedVariance = variances
    explainedVarianceRatio = variances.map { $0 / total }
  }

  /// The coordinates of `samples` on the first components, [sample, component].
  public func scores(_ samples: Matrix, components count: Int) -> Matrix {
    Matrix.product(lessMean(samples), first(count), transposeRight: true)
  }

  /// `samples` with only their coordinates on the first components kept.
  public func reconstruction(_ samples: Matrix, components count: Int) -> Matrix {
    var result = scores(samples, components: count) * first(count)
    for index in result.elements.indices { result.elements[index] += mean[index % mean.count] }
    return result
  }

  /// The least number of components whose variances reach a fraction of the whole; 0 where nothing varies.
  public func count(explaining fraction: Double) -> Int {
    let total = explainedVariance.reduce(0, +)
    guard total > 0 else { return 0 }
    var sum = 0.0
    for (index, variance) in explainedVariance.enumerated() {
      sum += variance
      if sum >= fraction * total { return index + 1 }
    }
    return explainedVariance.count
  }

  /// (Σλ)² / Σλ² of the variances λ: how many directions share them; NaN where nothing varies.
  public var participationRatio: Double {
    let sum = explainedVariance.reduce(0, +)
    return sum * sum / explainedVariance.reduce(0) { $0 + $1 * $1 }
  }

  private func first(_ count: Int) -> Matrix {
    precondition((0...components.rows).contains(count), "\(count) of \(components.rows) components")
    return components.rows(0..<count)
  }

  private func lessMean(_ samples: Matrix) -> Matrix {
    precondition(samples.columns == mean.count)
    var result = samples
    for index in result.elements.indices { result.elements[index] -= mean[index % mean.count] }
    return result
  }
}

extension Matrix {
  /// Rows `range` as a matrix of their own (copies).
  public func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: range.count, columns: columns,
      elements: Array(elements[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// The given columns, in the order asked (copies).
  public func columns(_ chosen: [Int]) -> Matrix {
    var result: [Double] = []
    result.reserveCapacity(rows * chosen.count)
    for row in 0..<rows {
      for column in chosen { result.append(self[row, column]) }
    }
    return Matrix(rows: rows, columns: chosen.count, elements: result)
  }

  /// Throws a `CodecError` of kind data naming the first element that is NaN or infinite.
  /// - Parameters:
  ///   - use: what the numbers are for, such as "clusters".
  public func requireFinite(_ use: String, at place: String? = nil) throws {
    guard let bad = elements.firstNonFiniteIndex else { return }
    throw CodecError(
      .data,
      "no \(use) of numbers that are not finite: row \(bad / columns), column \(bad % columns) is \(elements[bad])",
      at: place)
  }
}
