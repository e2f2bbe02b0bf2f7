import Numerics
import Retina
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct CellClusteringTests {
  private static let file = Result { try H5File(reading: Fixtures.path("modes/expected.h5")) }

  private func rates() throws -> Matrix {
    try H5File(reading: Fixtures.path("retina/expected.h5")).dataset("/rate").matrix()
  }

  @Test(arguments: ["conv1", "conv2"]) func correlation_isTheReferences(layer: String) throws {
    let file = try Self.file.get()
    let correlation = CellModeCorrelation(
      rates: try rates(), loadings: try file.dataset("/cluster/\(layer)/loadings").matrix())
    let expected = try file.dataset("/cluster/\(layer)/cell_mode_correlation").matrix()
    #expect(zip(correlation.values.elements, expected.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(correlation.undefinedCount == 0)
  }

  /// Ours may find a better optimum than the reference, never a worse one; at the reference's labels the
  /// silhouettes are the same numbers.
  @Test(arguments: ["conv1", "conv2"]) func clusters_areNoWorseThanTheReferences(layer: String) throws {
    let file = try Self.file.get()
    let profiles = CellProfiles(
      CellModeCorrelation(
        rates: try rates(), loadings: try file.dataset("/cluster/\(layer)/loadings").matrix()))
    var options = CellClustering.Options()
    options.draws = 0
    let clustering = try CellClustering(profiles, options: options)
    #expect(clustering.partitions.map(\.clusters) == Array(2...8))
    for partition in clustering.partitions {
      let group = "/cluster/\(layer)/k\(partition.clusters)"
      let inertia = try #require(try file.attribute("inertia", of: group)?.asNumber)
      #expect(partition.inertia <= 1.001 * inertia)
      let labels: [Int] = try file.dataset("\(group)/label").numbers()
      let silhouettes: [Double] = try file.dataset("\(group)/silhouette_samples").numbers()
      let ours = Clustering.silhouette(profiles.values, labels)
      #expect(zip(ours.perSample, silhouettes).allSatisfy { abs($0 - $1) < 1e-6 })
      if Clustering.adjustedRandIndex(labels, partition.labels) == 1 {
        #expect(zip(partition.silhouettes, silhouettes).allSatisfy { abs($0 - $1) < 1e-6 })
      }
    }
  }
}

/// Made-up profiles: `types` clouds of `each` cells in `dimensions` dimensions.
private func clouds(
  _ types: Int, each: Int, dimensions: Int, separation: Double, seed: UInt64
) throws -> (profiles: CellProfiles, truth: [Int]) {
  var random = RandomStream(seed: seed)
  let centres = (0..<types).map { _ in (0..<dimensions).map { _ in separation * random.normal() } }
  let truth = (0..<types * each).map { $0 % types }
  let rows = truth.map { type in centres[type].map { $0 + random.normal() } }
  let matrix = Matrix(rows: rows.count, columns: dimensions, elements: rows.flatMap { $0 })
  let none = Matrix(rows: rows.count, columns: 0)
  return (try CellProfiles(contributions: [(negative: none, positive: matrix)]), truth)
}

@Suite struct SilhouetteNullTests {
  @Test(arguments: [2, 3, 4]) func separateClouds_areFound(types: Int) throws {
    let (profiles, truth) = try clouds(types, each: 6, dimensions: 20, separation: 3, seed: UInt64(types))
    var options = CellClustering.Options()
    options.draws = 99
    let clustering = try CellClustering(profiles, options: options)
    let best = try #require(clustering.best)
    #expect(Clustering.adjustedRandIndex(best.labels, truth) == 1)
    #expect(try #require(clustering.oneTypeNull).probability < 0.05)
    #expect(try #require(clustering.permutationNull).probability < 0.05)
  }

  /// One cloud is called several only about as often as the probability says.
  @Test func oneCloud_isNotCalledSeveral() throws {
    let found = try (0..<20).count { seed in
      let (profiles, _) = try clouds(1, each: 15, dimensions: 12, separation: 0.5, seed: UInt64(100 + seed))
      var options = CellClustering.Options()
      options.draws = 39
      return try #require(CellClustering(profiles, options: options).oneTypeNull).probability < 0.05
    }
    #expect(found <= 4)
  }

  @Test func draws_areDecidedByTheSeed() throws {
    let (profiles, _) = try clouds(2, each: 4, dimensions: 5, separation: 1, seed: 9)
    var options = CellClustering.Options()
    options.draws = 20
    let first = try CellClustering(profiles, options: options)
    options.threads = 3
    #expect(try CellClustering(profiles, options: options) == first)
    options.seed = 1
    #expect(try CellClustering(profiles, options: options).oneTypeNull != first.oneTypeNull)
  }
}

@Suite struct UnusualCellsTests {
  private func profiles(_ rows: [[Double]]) throws -> CellProfiles {
    let matrix = Matrix(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
    return try CellProfiles(contributions: [(Matrix(rows: rows.count, columns: 0), matrix)])
  }

  @Test func fewCells_haveNoClusters() throws {
    for rows in [[[1.0, 2]], [[1.0, 2], [2, 1]]] {
      let clustering = try CellClustering(profiles(rows))
      #expect(clustering.best == nil && clustering.partitions.isEmpty && clustering.oneTypeNull == nil)
    }
  }

  @Test func silentCells_areLeftOut() throws {
    let clustering = try CellClustering(
      profiles([[1, 0], [0, 0], [0.9, 0.1], [0, 1], [0, 0], [0.1, 0.9]]))
    let best = try #require(clustering.best)
    #expect(best.labels == [0, -1, 0, 1, -1, 1])
    #expect(best.silhouettes[1].isNaN && best.silhouettes[0] > 0.5)
    #expect(clustering.profiles.silent == [1, 4])
    #expect(clustering.partitions.map(\.clusters) == [2, 3])
  }

  @Test func duplicateCells_areNoReasonForMoreClusters() throws {
    let clustering = try CellClustering(
      profiles([[1, 0], [1, 0], [1, 1e-8], [0, 1], [0, 1], [0.5, 0.5]]))
    #expect(clustering.profiles.duplicates == [[0, 1, 2], [3, 4]])
    #expect(clustering.partitions.map(\.clusters) == [2])
  }

  @Test func constantCells_correlateWithNothing() throws {
    let rates = Matrix(rows: 4, columns: 2, elements: [1, 5, 2, 5, 3, 5, 5, 5])
    let loadings = Matrix(rows: 4, columns: 3, elements: [1, 0, 4, 2, 0, 3, 3, 0, 2, 5, 0, 0])
    let correlation = CellModeCorrelation(rates: rates, loadings: loadings)
    #expect(correlation.constantCells == [1])
    #expect(correlation.undefinedCount == 4)
    #expect(abs(correlation.values[0, 0] - 1) < 1e-12 && abs(correlation.values[0, 2] + 1) < 1e-12)
    #expect(correlation.values[1, 0] == 0 && correlation.values[0, 1] == 0)
    #expect(CellProfiles(correlation).silent == [1])
  }

  @Test func notFinite_isAnError() {
    #expect(throws: CodecError.self) { try profiles([[1, .nan], [0, 1]]) }
  }
}
