import Numerics
import Runtime

/// Cells put into a number of clusters.
public struct CellPartition: Sendable, Equatable {
  /// The number asked for.
  public let clusters: Int
  /// The cluster of each cell, numbered in order of appearance; −1 for cells without a profile.
  public let labels: [Int]
  /// Sum of squared distances to the centroids.
  public let inertia: Double
  /// Mean silhouette over the cells with a profile.
  public let silhouette: Double
  /// Each cell's silhouette; NaN for cells without a profile.
  public let silhouettes: [Double]

  package init(clusters: Int, labels: [Int], inertia: Double, silhouette: Double, silhouettes: [Double]) {
    (self.clusters, self.labels, self.inertia) = (clusters, labels, inertia)
    (self.silhouette, self.silhouettes) = (silhouette, silhouettes)
  }

  /// Rows of cells that are alone in their cluster.
  public var loners: [Int] {
    labels.indices.filter { cell in labels[cell] >= 0 && labels.count { $0 == labels[cell] } == 1 }
  }

  /// Number of clusters of two cells or more.
  public var groupCount: Int {
    Set(labels.filter { label in label >= 0 && labels.count { $0 == label } > 1 }).count
  }
}

/// Cells clustered by their profiles at every number of clusters that makes sense, and what that is worth.
///
/// k-means (k-means++, restarts) for k = 2 … min(8, n − 1), n the number of different profiles (method
/// section 5). Cells without a profile are left out.
public struct CellClustering: Sendable, Equatable {
  /// What was clustered.
  public let profiles: CellProfiles
  /// One for each k; none below three different cells.
  public let partitions: [CellPartition]
  /// The best silhouette against columns shuffled over the cells: that the numbers belong together.
  public let permutationNull: SilhouetteNull?
  /// The best silhouette against cells of a single type with the same covariance: that there is a gap.
  public let oneTypeNull: SilhouetteNull?

  /// How the clusters are looked for.
  public struct Options: Sendable, Equatable {
    /// The largest number of clusters.
    public var maximum = 8
    /// Starts of k-means; of nine cells one start in five may find the best clusters.
    public var restarts = 50
    /// Starts of k-means in each draw of a null, and for the cells' silhouette held against them.
    public var drawRestarts = 10
    /// Draws of each null; 0 leaves the nulls out.
    public var draws = 999
    /// Decides starts and draws.
    public var seed: UInt64 = 0
    /// Threads that work on the draws; the result does not depend on their number.
    public var threads = 1

    /// The defaults.
    public init() {}
  }

  /// Clusters the cells.
  /// - Throws: `CodecError` of kind data for profiles that are not finite, or where a stop was asked for.
  public init(_ profiles: CellProfiles, options: Options = Options()) throws {
    self.profiles = profiles
    let stream = RandomStream(seed: options.seed).split("clusters").split(profiles.features.rawValue)
    let usable = profiles.usable
    let points = profiles.values.rows(usable)
    let distances = Clustering.distances(points)
    let largest = min(options.maximum, profiles.alike.count - 1)
    partitions = try (2..<max(largest + 1, 2)).map { clusters in
      let found = try KMeans(
        points, clusters: clusters, restarts: options.restarts, stream: stream.split(clusters))
      let silhouette = Clustering.silhouette(distances: distances, found.labels)
      return CellPartition(
        clusters: clusters, labels: Self.spread(found.labels, to: usable, of: profiles, fill: -1),
        inertia: found.inertia, silhouette: silhouette.mean,
        silhouettes: Self.spread(silhouette.perSample, to: usable, of: profiles, fill: .nan))
    }
    guard !partitions.isEmpty, options.draws > 0 else {
      (permutationNull, oneTypeNull) = (nil, nil)
      return
    }
    let search = SilhouetteSearch(options: options, largest: largest)
    permutationNull = try search.null(of: points, .shuffledColumns, stream.split("permutation null"))
    oneTypeNull = try search.null(
      of: points, profiles.features == .contributions ? .oneTypeUnitNorm : .oneType,
      stream.split("one-type null"))
  }

  /// The partition of the largest mean silhouette, the smaller k of equals; nil where there is none.
  public var best: CellPartition? { partitions.best }

  /// The partition into `clusters`.
  public func partition(_ clusters: Int) -> CellPartition? {
    partitions.first { $0.clusters == clusters }
  }

  private static func spread<Value>(
    _ values: [Value], to rows: [Int], of profiles: CellProfiles, fill: Value
  ) -> [Value] {
    var result = Array(repeating: fill, count: profiles.values.rows)
    for (row, value) in zip(rows, values) { result[row] = value }
    return result
  }
}

extension [CellPartition] {
  /// The partition of the largest mean silhouette, the smaller k of equals; nil where there is none.
  var best: CellPartition? {
    reduce(nil) { best, next in next.silhouette > best?.silhouette ?? -.infinity ? next : best }
  }
}

extension Matrix {
  /// Some rows, in the order given.
  func rows(_ indices: [Int]) -> Matrix {
    Matrix(rows: indices.count, columns: columns, elements: indices.flatMap { Array(row($0)) })
  }
}
