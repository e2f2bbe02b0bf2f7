import Numerics
import Runtime

/// The best mean silhouette of the cells against those of data without types.
public struct SilhouetteNull: Sendable, Equatable {
  /// The cells' own, searched for as in the draws.
  public let observed: Double
  /// Those of the null, smallest first.
  public let draws: [Double]

  /// The share of draws at least as large, the observed one counted among them.
  public var probability: Double {
    Double(1 + draws.count { $0 >= observed }) / Double(1 + draws.count)
  }

  /// The value a twentieth of the draws exceed.
  public var threshold: Double { Statistics.quantile(draws, 0.95) }
}

/// Searches for the best silhouette in data drawn from a null, in the way the cells' own was found.
struct SilhouetteSearch: Sendable {
  let options: CellClustering.Options
  let largest: Int

  enum Null: Sendable {
    /// Each column in an order of its own over the cells.
    case shuffledColumns
    /// Normally distributed around the cells' mean with the cells' covariance: one cloud, whatever its shape.
    case oneType
    /// The same, each drawn cell scaled to unit norm as the profiles are.
    case oneTypeUnitNorm
  }

  func null(of points: Matrix, _ null: Null, _ stream: RandomStream) throws -> SilhouetteNull {
    let observed = try bestSilhouette(of: isometric(points), stream.split("observed"))
    let team = try WorkerTeam(count: options.threads) { _ in }
    let draws = try team.map(0..<options.draws) { _, draw in
      try Interrupt.check()
      let stream = stream.split(draw)
      let drawn =
        switch null {
        case .shuffledColumns: shuffled(points, stream)
        case .oneType: oneType(points, stream)
        case .oneTypeUnitNorm: unitNorm(oneType(points, stream))
        }
      return try bestSilhouette(of: isometric(drawn), stream.split("starts"))
    }
    return SilhouetteNull(observed: observed, draws: draws.sorted())
  }

  /// The largest mean silhouette over every k.
  private func bestSilhouette(of points: Matrix, _ stream: RandomStream) throws -> Double {
    let distances = Clustering.distances(points)
    return try (2...largest).map { clusters in
      let found = try KMeans(
        points, clusters: clusters, restarts: options.drawRestarts, stream: stream.split(clusters))
      let silhouette = Clustering.silhouette(distances: distances, found.labels).mean
      return silhouette.isNaN ? -1 : silhouette
    }.max() ?? -1
  }

  private func shuffled(_ points: Matrix, _ stream: RandomStream) -> Matrix {
    var (stream, result) = (stream, points)
    for column in 0..<points.columns {
      for (row, source) in stream.permutation(points.rows).enumerated() {
        result[row, column] = points[source, column]
      }
    }
    return result
  }

  /// Random mixtures of the deviations from the mean: their covariance is the points' own.
  private func oneType(_ points: Matrix, _ stream: RandomStream) -> Matrix {
    var stream = stream
    let scale = 1 / Double(points.rows - 1).squareRoot()
    let mixing = Matrix(
      rows: points.rows, columns: points.rows,
      elements: (0..<points.rows * points.rows).map { _ in stream.normal() * scale })
    var result = mixing * Statistics.centred(points)
    let means = Statistics.columnMeans(points)
    for row in 0..<points.rows {
      for column in 0..<points.columns { result[row, column] += means[column] }
    }
    return result
  }

  private func unitNorm(_ points: Matrix) -> Matrix {
    var result = points
    for row in 0..<points.rows {
      let norm = points.row(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
      for column in 0..<points.columns where norm > 0 { result[row, column] /= norm }
    }
    return result
  }

  /// The same points with the same distances in as few dimensions as there are points.
  private func isometric(_ points: Matrix) -> Matrix {
    guard points.columns > points.rows else { return points }
    let centred = Statistics.centred(points)
    let gram = Matrix.product(centred, centred, transposeRight: true)
    let (values, vectors) = LinearAlgebra.symmetricEigen(gram)
    var result = vectors
    for column in 0..<result.columns {
      let length = max(values[column], 0).squareRoot()
      for row in 0..<result.rows { result[row, column] *= length }
    }
    return result
  }
}
