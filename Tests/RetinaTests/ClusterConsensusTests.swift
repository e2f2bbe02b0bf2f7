import Foundation
import Numerics
import Retina
import Storage
import TestSupport
import Testing

@Suite struct ClusterConsensusTests {
  /// Profiles of cells as `fits` networks see them: two classes far apart (such as ON and OFF), each of some
  /// types less far apart. Every network has directions and noise of its own.
  private func partitions(
    types: [Int], classOf: [Int], apart: Double, fits: Int = 3, noise: Double = 0.25, seed: UInt64 = 1
  ) throws -> [[CellPartition]] {
    try (0..<fits).map { fit in
      var random = RandomStream(seed: seed).split(fit)
      let dimensions = 12
      func direction(_ length: Double) -> [Double] {
        let draw = (0..<dimensions).map { _ in random.normal() }
        let norm = draw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return draw.map { length * $0 / norm }
      }
      let axis = direction(3)
      let typeCentres = classOf.map { side in
        zip(axis, direction(apart)).map { (side == 0 ? $0 : -$0) + $1 }
      }
      let elements = types.flatMap { type in typeCentres[type].map { $0 + noise * random.normal() } }
      let profiles = Matrix(rows: types.count, columns: dimensions, elements: elements)
      let none = Matrix(rows: types.count, columns: 0)
      var options = CellClustering.Options()
      options.draws = 0
      return try CellClustering(
        CellProfiles(contributions: [(negative: none, positive: profiles)]), options: options
      ).partitions
    }
  }

  /// The silhouette stops at the two classes; agreement goes on to the types there are, and no further.
  @Test(arguments: [[0, 1], [0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1, 1]]) func trueNumber_isChosen(
    classOf: [Int]
  ) throws {
    let types = (0..<6 * classOf.count).map { $0 % classOf.count }
    let parts = try partitions(types: types, classOf: classOf, apart: 1.4)
    let consensus = try #require(ClusterConsensus(name: "contributions", partitions: parts))
    #expect(consensus.chosen == classOf.count)
    let labels = try #require(consensus.labels(at: classOf.count))
    #expect(Clustering.adjustedRandIndex(labels, types) == 1)
    #expect(consensus.clearest == 2)
    #expect(try #require(consensus.steadiness(at: classOf.count)).allSatisfy { $0 == 1 })
    #expect(consensus.pairs.allSatisfy { $0.count == 3 })
    // Chance falls short where a number is agreed on, and there is no more to it than the numbers agreed on.
    let chance = try #require(consensus.chance)
    #expect(chance.count == consensus.tried.count)
    for number in try #require(consensus.supported) {
      let row = try #require(consensus.tried.firstIndex(of: number))
      #expect(chance[row] < consensus.agreement[row], "\(number)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4]) func oneType_hasNoNumber(seed: UInt64) throws {
    let parts = try partitions(
      types: Array(repeating: 0, count: 18), classOf: [0], apart: 0, noise: 1, seed: seed)
    let consensus = try #require(ClusterConsensus(name: "contributions", partitions: parts, seed: seed))
    #expect(consensus.supported == [] && consensus.chosen == nil && consensus.clearest == nil)
  }

  @Test func twoFits_chooseNothing() throws {
    let parts = try partitions(types: (0..<12).map { $0 % 2 }, classOf: [0, 1], apart: 1, fits: 2)
    let consensus = try #require(ClusterConsensus(name: "contributions", partitions: parts))
    #expect(consensus.supported == nil && consensus.chosen == nil && consensus.chance == nil)
    #expect(consensus.agreement(at: 2) == 1)
    #expect(ClusterConsensus(name: "contributions", partitions: Array(parts.prefix(1))) == nil)
    #expect(ClusterConsensus(name: "contributions", partitions: [parts[0], []]) == nil)
  }

  /// Two clusters as three fits label them.
  private func labelled(_ labels: [[Int]]) -> [[CellPartition]] {
    labels.map { labels in
      [
        CellPartition(
          clusters: 2, labels: labels, inertia: 1, silhouette: 0.5, silhouettes: labels.map { _ in 0.5 })
      ]
    }
  }

  @Test func cellThatFitsPutDifferently_isTheLeastSteady() throws {
    let labels = [[0, 0, 0, 1, 1, 1, -1], [0, 0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 0]]
    let consensus = try #require(ClusterConsensus(name: "conv1", partitions: labelled(labels)))
    // scikit-learn: adjusted_rand_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]), and with the seventh cell.
    let (six, seven) = (0.32432432432432434, 0.4166666666666667)
    let indices = try #require(consensus.pairs.first)
    #expect(zip(indices, [1, six, seven]).allSatisfy { abs($0 - $1) < 1e-12 }, "\(indices)")
    let steadiness = try #require(consensus.steadiness(at: 2))
    #expect(steadiness.indices.min { steadiness[$0] < steadiness[$1] } == 2)
    // Against the five others: all agree in one pair of fits, none in the other two; the seventh has a label
    // in one pair.
    #expect(abs(steadiness[2] - 5.0 / 16.0) < 1e-12, "\(steadiness)")
    // The second agrees with the first wholly, and better with the third than the first does.
    #expect(consensus.labels(at: 2) == labels[1])
  }

  @Test func file_givesTheSame() throws {
    let parts = try partitions(types: (0..<12).map { $0 % 3 }, classOf: [0, 0, 1], apart: 1.4)
    let fits = (1...3).map { ClusterReportTests.fit(types: (0..<12).map { $0 % 3 }, seed: $0) }
    var options = CellClustering.Options()
    options.draws = 0
    let report = try ClusterReport(fits, options: options)
    let path = try Fixtures.temporaryFolder().appending(path: "clusters.h5").path
    let provenance = try Provenance(
      schema: ClusterWriter.schema, schemaVersion: ClusterWriter.schemaVersion, command: "test",
      options: ["draws": 0], seed: 0, software: "test", inputs: [])
    try ClusterWriter(report, to: ResultWriter(path: path, provenance: provenance)).write()
    let summary = try ClusterFile(reading: path).summary()
    let written = [report.contributions?.consensus] + report.layers.map(\.part.consensus)
    #expect(summary.consensus == written.compactMap { $0 } && summary.consensus.count == 3)
    #expect(try #require(ClusterConsensus(name: "conv1", partitions: parts)).fits == 3)
  }
}

@Suite struct SpreadTests {
  @Test func undefinedNumbers_areLeftOut() throws {
    let spread = try #require(Spread([1, nil, .nan, 4]))
    #expect(spread.count == 2 && spread.mean == 2.5 && spread.smallest == 1 && spread.largest == 4)
    #expect(abs(try #require(spread.standardDeviation) - 1.5 * 2.0.squareRoot()) < 1e-12)
    #expect(Spread([2])?.standardDeviation == nil && Spread([2])?.mean == 2)
    #expect(Spread([nil, .nan]) == nil && Spread([]) == nil)
  }
}
