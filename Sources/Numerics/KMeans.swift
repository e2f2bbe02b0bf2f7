import CKernels
import Foundation
import Runtime

/// A partition of points into clusters of least squared distance to their centroids.
///
/// Each start is seeded by greedy k-means++ (Arthur and Vassilvitskii 2007), run by Lloyd's iterations, and
/// then improved point by point (Hartigan and Wong 1979), which leaves fewer poor local optima than Lloyd's
/// iterations alone; the start of least inertia wins.
///
///     let clusters = try KMeans(profiles, clusters: 3, stream: RandomStream(seed: 0).split("clusters"))
public struct KMeans: Sendable {
  /// The cluster of each point, numbered in the order in which the points meet them.
  public let labels: [Int]
  /// The mean of each cluster, [cluster, feature]; fewer than asked for where there are fewer different points.
  public let centroids: Matrix
  /// The sum of squared distances of points to their centroids.
  public let inertia: Double

  /// Clusters `points` [point, feature].
  ///
  /// - Parameters:
  ///   - clusters: how many, from 1 to the number of points.
  ///   - restarts: independent starts, each with its own random stream. On the fixture's nine cells one start in
  ///     five finds the best two clusters, so ten starts, as is usual, would miss them once in ten runs.
  ///   - iterations: a limit to the passes over the points in one start.
  ///   - stream: decides the starts; equal streams give equal clusters.
  /// - Throws: `CodecError`: usage for an impossible number of clusters, data for points that are not finite.
  /// - Complexity: O(restarts · iterations · points · clusters · features).
  public init(
    _ points: Matrix, clusters: Int, restarts: Int = 50, iterations: Int = 300, stream: RandomStream
  ) throws {
    guard clusters >= 1, clusters <= points.rows else {
      throw CodecError(
        .usage, "\(clusters) clusters of \(points.rows) points", remedy: "ask for 1 to \(points.rows)")
    }
    try points.requireFinite("clusters")
    let starts = (0..<max(restarts, 1)).map { restart in
      var search = ClusterSearch(points, clusters: clusters, stream: stream.split(restart))
      search.run(iterations: iterations)
      return (labels: search.labels, inertia: search.inertia())
    }
    // Rounding must not choose between equal optima: a later start wins only by more.
    var best = starts[0]
    for start in starts.dropFirst() where start.inertia < best.inertia * (1 - 1e-12) { best = start }
    labels = Self.inOrderOfAppearance(best.labels)
    inertia = best.inertia
    centroids = ClusterSearch.means(points, labels, count: (labels.max() ?? 0) + 1)
  }

  private static func inOrderOfAppearance(_ labels: [Int]) -> [Int] {
    var names: [Int: Int] = [:]
    return labels.map { label in
      if let name = names[label] { return name }
      names[label] = names.count
      return names.count - 1
    }
  }
}

/// One start of k-means.
private struct ClusterSearch {
  let points: Matrix
  var centroids: Matrix
  var labels: [Int]

  init(_ points: Matrix, clusters: Int, stream: RandomStream) {
    var stream = stream
    self.points = points
    let seeds = Self.seeds(points, clusters, &stream)
    centroids = Matrix(
      rows: clusters, columns: points.columns, elements: seeds.flatMap { Array(points.row($0)) })
    labels = Array(repeating: 0, count: points.rows)
  }

  /// Greedy k-means++: of 2 + ln k candidates drawn by squared distance, the one that lowers the sum most.
  private static func seeds(_ points: Matrix, _ clusters: Int, _ stream: inout RandomStream) -> [Int] {
    var seeds = [stream.integer(below: points.rows)]
    var nearest = distances(points, seeds[0])
    let trials = 2 + Int(log(Double(clusters)))
    while seeds.count < clusters {
      let total = nearest.reduce(0, +)
      // Fewer different points than clusters: any point will do, its cluster stays empty.
      guard total > 0 else {
        seeds.append(seeds[0])
        continue
      }
      var best: (seed: Int, nearest: [Double], sum: Double)?
      for _ in 0..<trials {
        let candidate = draw(nearest, total * stream.uniform())
        let updated = zip(nearest, distances(points, candidate)).map { min($0, $1) }
        let sum = updated.reduce(0, +)
        if sum < best?.sum ?? .infinity { best = (candidate, updated, sum) }
      }
      guard let best else { preconditionFailure("no candidate was drawn") }
      seeds.append(best.seed)
      nearest = best.nearest
    }
    return seeds
  }

  /// The first index at which the running sum of `weights` passes `target`; never one of weight zero.
  private static func draw(_ weights: [Double], _ target: Double) -> Int {
    var sum = 0.0
    var last = 0
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      last = index
      if sum > target { break }
    }
    return last
  }

  private static func distances(_ points: Matrix, _ seed: Int) -> [Double] {
    squaredDistances(points.rows(seed..<seed + 1), points).elements
  }

  mutating func run(iterations: Int) {
    var isSettled = false
    for _ in 0..<iterations where !isSettled {
      let nearest = nearestCentroids()
      isSettled = nearest == labels
      labels = nearest
      centroids = Self.means(points, labels, count: centroids.rows, empty: centroids)
    }
    var passes = 0
    while passes < iterations, improvePointByPoint() { passes += 1 }
  }

  private func nearestCentroids() -> [Int] {
    let distances = squaredDistances(points, centroids)
    return (0..<points.rows).map { point in
      let row = distances.row(point)
      var best = row.startIndex
      for place in row.indices where row[place] < row[best] { best = place }
      return best - row.startIndex
    }
  }

  /// Moves each point to the cluster where it lowers the inertia most, centroids following at once; also what
  /// fills empty clusters. Returns whether any moved.
  private mutating func improvePointByPoint() -> Bool {
    var sizes = Array(repeating: 0, count: centroids.rows)
    for label in labels { sizes[label] += 1 }
    var hasMoved = false
    for point in 0..<points.rows {
      let from = labels[point]
      guard sizes[from] > 1 else { continue }
      let distances = squaredDistances(points.rows(point..<point + 1), centroids).elements
      let size = Double(sizes[from])
      let gain = distances[from] * size / (size - 1)
      var (best, least) = (from, gain * (1 - 1e-9))
      for cluster in 0..<centroids.rows where cluster != from {
        let size = Double(sizes[cluster])
        let cost =
          distances[cluster] * size / (size + 1)
        if cost < least { (best, least) = (cluster, cost) }
      }
      guard best != from else { continue }
      shiftCentroid(from, awayFrom: point, size: sizes[from])
      shiftCentroid(best, towards: point, size: sizes[best])
      sizes[from] -= 1
      sizes[best] += 1
      labels[point] = best
      hasMoved = true
    }
    if hasMoved { centroids = Self.means(points, labels, count: centroids.rows, empty: centroids) }
    return hasMoved
  }

  private mutating func shiftCentroid(_ cluster: Int, awayFrom point: Int, size: Int) {
    for feature in 0..<points.columns {
      centroids[cluster, feature] += (centroids[cluster, feature] - points[point, feature]) / Double(size - 1)
    }
  }

  private mutating func shiftCentroid(_ cluster: Int, towards point: Int, size: Int) {
    for feature in 0..<points.columns {
      centroids[cluster, feature] += (points[point, feature] - centroids[cluster, feature]) / Double(size + 1)
    }
  }

  func inertia() -> Double {
    let means = Self.means(points, labels, count: centroids.rows)
    let distances = squaredDistances(points, means)
    return labels.enumerated().reduce(0) { $0 + distances[$1.offset, $1.element] }
  }

  /// The mean of each cluster; empty ones keep their row of `empty`, or zeros.
  static func means(_ points: Matrix, _ labels: [Int], count: Int, empty: Matrix? = nil) -> Matrix {
    var sums = Matrix(rows: count, columns: points.columns)
    var sizes = Array(repeating: 0, count: count)
    for (point, label) in labels.enumerated() {
      sizes[label] += 1
      for feature in 0..<points.columns { sums[label, feature] += points[point, feature] }
    }
    for cluster in 0..<count {
      for feature in 0..<points.columns {
        sums[cluster, feature] =
          sizes[cluster] > 0 ? sums[cluster, feature] / Double(sizes[cluster]) : empty?[cluster, feature] ?? 0
      }
    }
    return sums
  }
}

/// The squared Euclidean distance of each row of `points` from each of `others`, [point, other].
func squaredDistances(_ points: Matrix, _ others: Matrix) -> Matrix {
  precondition(points.columns == others.columns)
  var result = Matrix(rows: points.rows, columns: others.rows)
  codec_squared_distances(
    points.rows, others.rows, points.columns, points.elements, others.elements, &result.elements)
  return result
}
