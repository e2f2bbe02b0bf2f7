import Foundation
import Numerics
import Runtime

/// How well simpler dictionaries describe the same data: R² with one grand mean against their number of components.
public struct Baselines: Sendable, Equatable {
  /// One kind of dictionary.
  public struct Curve: Sendable, Equatable {
    /// Numbers of components (of centroids for k-means), ascending.
    public let components: [Int]
    /// R² with that many.
    public let r2: [Double]
  }

  /// Principal components, each feature's mean kept.
  public let pca: Curve
  /// Nonnegative factors of the data made nonnegative (`nonnegative(_:)`).
  public let nmf: Curve
  /// Each sample replaced by its cluster's mean: one mode on at a time.
  public let kmeans: Curve
  /// Samples used, spread evenly over all.
  public let samples: Int

  /// More are thinned out: the curves do not change, the time does.
  static let mostSamples = 4096
  /// Numbers of components looked at.
  static let steps = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128]

  /// Fits all three.
  /// - Parameters:
  ///   - data: [sample, feature], any unit.
  ///   - most: the largest number of components, such as the number of modes.
  /// - Throws: `CodecError` of kind `data` for numbers that are not finite, of kind `interrupted`.
  public init(_ data: Tensor, most: Int, random: RandomStream) throws {
    let rows = data.shape[0]
    let count = min(rows, Self.mostSamples)
    let thinned = Tensor(
      shape: [count, data.shape[1]], elements: (0..<count).flatMap { data.row($0 * rows / count) })
    let matrix = Matrix(thinned)
    let variation = Self.grandVariation(matrix)
    samples = count
    let factors = Self.steps.filter { $0 <= min(most, data.shape[1], count) }
    pca = try Self.principalComponents(matrix, factors, variation)
    nmf = try Self.nonnegativeFactors(matrix, factors, variation, random.split("nmf"))
    let centroids = Self.steps.filter { $0 <= min(most, count / 4) }
    kmeans = try Self.centroids(matrix, centroids, variation, random.split("kmeans"))
  }

  init(pca: Curve, nmf: Curve, kmeans: Curve, samples: Int) {
    (self.pca, self.nmf, self.kmeans, self.samples) = (pca, nmf, kmeans, samples)
  }

  /// Data as NMF needs them: a column that is never negative stays, one that is never positive becomes its magnitude
  /// (C⁻ becomes |C⁻|), one of both signs becomes two columns, its positive part and its negative part's magnitude.
  ///
  /// For columns of one sign the squared error is that of the data themselves; R² compares it with their variation.
  static func nonnegative(_ data: Matrix) -> Matrix {
    let columns = (0..<data.columns).flatMap { column -> [[Double]] in
      let values = data.column(column)
      if values.allSatisfy({ $0 >= 0 }) { return [values] }
      if values.allSatisfy({ $0 <= 0 }) { return [values.map { -$0 }] }
      return [values.map { max($0, 0) }, values.map { max(-$0, 0) }]
    }
    return Matrix(rows: columns.count, columns: data.rows, elements: columns.flatMap { $0 }).transposed
  }

  /// Σ (c − c̄)² about one grand mean.
  private static func grandVariation(_ data: Matrix) -> Double {
    let mean = Statistics.mean(data.elements)
    return data.elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  private static func principalComponents(
    _ data: Matrix, _ counts: [Int], _ variation: Double
  ) throws -> Curve {
    let variances = try PrincipalComponents(data).explainedVariance
    let r2 = counts.map { count in
      1 - variances.dropFirst(count).reduce(0, +) * Double(data.rows - 1) / variation
    }
    return Curve(components: counts, r2: r2)
  }

  private static func nonnegativeFactors(
    _ data: Matrix, _ counts: [Int], _ variation: Double, _ random: RandomStream
  ) throws -> Curve {
    let positive = nonnegative(data)
    let isSplit = positive.columns != data.columns
    let r2 = try counts.map { count in
      try Interrupt.check()
      let factors = try NonnegativeFactors(positive, components: count, stream: random.split(count))
      let error = isSplit ? signedError(factors.reconstruction, data) : factors.squaredError
      return 1 - error / variation
    }
    return Curve(components: counts, r2: r2)
  }

  /// The squared error once split columns are put together again.
  private static func signedError(_ reconstruction: Matrix, _ data: Matrix) -> Double {
    var (error, place) = (0.0, 0)
    for column in 0..<data.columns {
      let values = data.column(column)
      let isPositive = values.allSatisfy { $0 >= 0 }
      let isNegative = !isPositive && values.allSatisfy { $0 <= 0 }
      for row in 0..<data.rows {
        var fitted = reconstruction[row, place]
        if isNegative { fitted = -fitted }
        if !isPositive && !isNegative { fitted -= reconstruction[row, place + 1] }
        error += (fitted - values[row]) * (fitted - values[row])
      }
      place += isPositive || isNegative ? 1 : 2
    }
    return error
  }

  private static func centroids(
    _ data: Matrix, _ counts: [Int], _ variation: Double, _ random: RandomStream
  ) throws -> Curve {
    let r2 = try counts.map { count in
      try Interrupt.check()
      let clusters = try KMeans(
        data, clusters: count, restarts: 1, iterations: 30, stream: random.split(count))
      return 1 - clusters.inertia / variation
    }
    return Curve(components: counts, r2: r2)
  }
}
