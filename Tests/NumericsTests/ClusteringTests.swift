import Foundation
import Numerics
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct ClusteringTests {
  private let stream = RandomStream(seed: 61)

  /// The fixture's cells × modes, standardised, clustered by scikit-learn (k = 2…8).
  @Test(arguments: ["conv1", "conv2"]) func fixture_isClusteredAsWellAsByScikitLearn(layer: String) throws {
    let file = try H5File(reading: Fixtures.path("modes/expected.h5"))
    let points = Statistics.standardised(try file.dataset("/cluster/\(layer)/cell_mode_correlation").matrix())
    for k in 2...8 {
      let group = "/cluster/\(layer)/k\(k)"
      let labels = try file.dataset("\(group)/label").numbers(Int.self)
      let inertia = try #require(try file.attribute("inertia", of: group)?.asNumber)
      for seed in 0..<5 {
        let found = try KMeans(points, clusters: k, stream: RandomStream(seed: UInt64(seed)))
        #expect(found.inertia <= inertia * 1.001)
        #expect(found.inertia > inertia * 0.9)
      }
      let (mean, perSample) = Clustering.silhouette(points, labels)
      #expect(abs(mean - (try #require(try file.attribute("silhouette", of: group)?.asNumber))) < 1e-6)
      let expected = try file.dataset("\(group)/silhouette_samples").numbers(Double.self)
      #expect(largestDifference(perSample, expected) < 1e-6)
    }
  }

  /// On few points, the starts find the best of all partitions.
  @Test(arguments: 0..<12) func kMeans_findsTheBestPartitionOfFewPoints(trial: Int) throws {
    var stream = stream.split("few").split(trial)
    let points = stream.matrix(5 + trial % 4, 1 + trial % 3)
    for k in 1...points.rows {
      let found = try KMeans(points, clusters: k, stream: stream.split(k))
      #expect(abs(found.inertia - bestInertia(points, k)) < 1e-9)
      #expect(abs(found.inertia - inertia(points, found.labels)) < 1e-9)
      #expect(Set(found.labels) == Set(0..<k) && found.centroids.rows == k)
    }
  }

  /// Even one start ends where no single point, moved to another cluster, would lower the inertia.
  @Test(arguments: 0..<6) func kMeans_leavesNoPointToMove(trial: Int) throws {
    var stream = stream.split("moves").split(trial)
    let points = stream.matrix(40, 2)
    let found = try KMeans(points, clusters: 5, restarts: 1, stream: stream)
    for point in 0..<40 {
      for cluster in 0..<5 {
        var moved = found.labels
        moved[point] = cluster
        #expect(inertia(points, moved) > found.inertia * (1 - 1e-9))
      }
    }
  }

  @Test func kMeans_findsSeparateClouds_andReproduces() throws {
    var stream = stream.split("clouds")
    var points = stream.matrix(120, 5)
    let truth = (0..<120).map { $0 % 4 }
    for (point, cloud) in truth.enumerated() { points[point, cloud] += 12 }
    let found = try KMeans(points, clusters: 4, stream: stream)
    #expect(found.labels == truth)
    let again = try KMeans(points, clusters: 4, stream: stream)
    #expect(
      again.labels == found.labels && again.inertia == found.inertia && again.centroids == found.centroids)
    for cloud in 0..<4 {
      let members = (0..<120).filter { truth[$0] == cloud }
      #expect(
        largestDifference(
          found.centroids.row(cloud),
          Statistics.columnMeans(points.transposed.columns(members).transposed)) < 1e-12)
    }
  }

  @Test func duplicatePoints_giveAtMostAsManyClustersAsDifferentPoints() throws {
    var points = Matrix(rows: 12, columns: 2)
    for row in 0..<12 { points[row, 0] = Double(row % 3) }
    for k in 1...12 {
      let found = try KMeans(points, clusters: k, stream: stream.split(k))
      #expect(found.centroids.rows == min(k, 3))
      #expect(found.inertia.isFinite && (k < 3 || found.inertia < 1e-20))
      #expect(found.labels.max()! + 1 == found.centroids.rows)
    }
    let constant = try KMeans(Matrix(rows: 4, columns: 3, repeating: 0.1), clusters: 2, stream: stream)
    #expect(constant.labels == [0, 0, 0, 0] && constant.inertia == 0)
  }

  @Test func impossibleClusters_areErrors() {
    let points = Matrix(rows: 5, columns: 1)
    for k in [-1, 0, 6] {
      #expect(throws: CodecError(.usage, "\(k) clusters of 5 points", remedy: "ask for 1 to 5")) {
        try KMeans(points, clusters: k, stream: stream)
      }
    }
    #expect(throws: CodecError.self) {
      try KMeans(Matrix(rows: 2, columns: 1, elements: [0, .nan]), clusters: 1, stream: stream)
    }
  }

  @Test func silhouette_isThatOfDefinition() {
    var stream = stream.split("silhouette")
    let points = stream.matrix(20, 3)
    let labels = (0..<20).map { $0 == 19 ? 9 : $0 % 3 == 0 ? 0 : stream.integer(below: 3) + 1 }
    let (mean, values) = Clustering.silhouette(points, labels)
    func meanDistance(_ point: Int, _ label: Int) -> Double {
      let others = (0..<20).filter { $0 != point && labels[$0] == label }
      let distances = others.map { other in
        zip(points.row(point), points.row(other)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
          .squareRoot()
      }
      return Statistics.mean(distances)
    }
    for point in 0..<20 {
      guard labels.count(where: { $0 == labels[point] }) > 1 else {
        #expect(values[point] == 0)
        continue
      }
      let a = meanDistance(point, labels[point])
      let others = Set(labels).subtracting([labels[point]])
      let b = others.map { meanDistance(point, $0) }.min()!
      #expect(abs(values[point] - (b - a) / max(a, b)) < 1e-12)
    }
    #expect(abs(mean - Statistics.mean(values)) < 1e-15)
  }

  @Test func silhouette_ofOneCluster_isUndefined_andOfEqualPoints_isZero() {
    let points = Matrix(rows: 4, columns: 2, repeating: 1)
    #expect(Clustering.silhouette(points, [5, 5, 5, 5]).mean.isNaN)
    #expect(Clustering.silhouette(points, [0, 0, 1, 1]).perSample == [0, 0, 0, 0])
    #expect(Clustering.silhouette(points, [0, 1, 2, 3]).mean == 0)
  }

  /// Counted pair by pair, the index is (agreement − expected) / (largest − expected).
  @Test(arguments: 0..<10) func adjustedRandIndex_countsPairs(trial: Int) {
    var stream = stream.split("rand").split(trial)
    let n = 12
    let (a, b) = (
      (0..<n).map { _ in stream.integer(below: 3) }, (0..<n).map { _ in -stream.integer(below: 4) }
    )
    var (both, inA, inB, all) = (0.0, 0.0, 0.0, 0.0)
    for i in 0..<n {
      for j in 0..<i {
        all += 1
        inA += a[i] == a[j] ? 1 : 0
        inB += b[i] == b[j] ? 1 : 0
        both += a[i] == a[j] && b[i] == b[j] ? 1 : 0
      }
    }
    let expected = inA * inB / all
    let value = Clustering.adjustedRandIndex(a, b)
    #expect(abs(value - (both - expected) / ((inA + inB) / 2 - expected)) < 1e-12)
    #expect(Clustering.adjustedRandIndex(b, a) == value)
    #expect(Clustering.adjustedRandIndex(a, a.map { 7 - 2 * $0 }) == 1)
  }

  private struct RandCase: Decodable {
    let first: [Int]
    let second: [Int]
    let index: Double
  }

  /// scripts/fixtures/adjusted_rand.py
  @Test func adjustedRandIndex_isScikitLearns() throws {
    let data = try Data(contentsOf: URL(filePath: Fixtures.path("clusters/adjusted_rand.json")))
    let cases = try JSONDecoder().decode([RandCase].self, from: data)
    #expect(cases.count == 20)
    for one in cases {
      #expect(abs(Clustering.adjustedRandIndex(one.first, one.second) - one.index) < 1e-12, "\(one)")
    }
  }

  @Test func adjustedRandIndex_ofTrivialPartitions_isOneWhenEqual() {
    #expect(Clustering.adjustedRandIndex([], []) == 1)
    #expect(Clustering.adjustedRandIndex([4, 4, 4], [0, 0, 0]) == 1)
    #expect(Clustering.adjustedRandIndex([0, 1, 2], [2, 0, 1]) == 1)
    #expect(Clustering.adjustedRandIndex([0, 1, 2], [0, 0, 0]) == 0)
  }

  private func inertia(_ points: Matrix, _ labels: [Int]) -> Double {
    Set(labels).reduce(0.0) { sum, label in
      let members = points.transposed.columns(labels.indices.filter { labels[$0] == label }).transposed
      return sum + Statistics.centred(members).elements.reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The least inertia over every way of naming the points with at most k labels.
  private func bestInertia(_ points: Matrix, _ k: Int) -> Double {
    var best = Double.infinity
    func extend(_ labels: [Int]) {
      guard labels.count < points.rows else {
        best = min(best, inertia(points, labels))
        return
      }
      let used = (labels.max() ?? -1) + 1
      for label in 0...min(used, k - 1) { extend(labels + [label]) }
    }
    extend([])
    return best
  }
}
