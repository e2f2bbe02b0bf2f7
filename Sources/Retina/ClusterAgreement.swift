import Numerics

/// How far clusterings of the same cells agree, for each number of clusters.
public struct ClusterAgreement: Sendable, Equatable {
  /// Numbers of clusters compared.
  public let clusters: [Int]
  /// Mean adjusted Rand index over all pairs of clusterings, for each number.
  public let perNumber: [Double]
  /// The index of each pair (the second with the first, the third with the first and the second, …), for each
  /// number.
  public let perPair: [[Double]]
  /// The same with each clustering at the number it chose itself.
  public let chosen: Double
  /// How many clusterings were compared.
  public let count: Int
  /// Which of the clusterings they are: those with a partition.
  public let members: [Int]
  /// The labels compared, `[number][clustering][cell]`.
  public let labels: [[[Int]]]

  /// - Returns: nil below two clusterings with a partition.
  public init?(_ clusterings: [CellClustering]) { self.init(clusterings.map(\.partitions)) }

  /// - Parameter partitions: those of each clustering.
  /// - Returns: nil below two clusterings with a partition.
  public init?(_ partitions: [[CellPartition]]) {
    members = partitions.indices.filter { !partitions[$0].isEmpty }
    guard members.count >= 2 else { return nil }
    let compared = members.map { partitions[$0] }
    let common = compared.map { Set($0.map(\.clusters)) }.reduce(into: Set(2...64)) {
      $0.formIntersection($1)
    }
    clusters = common.sorted()
    labels = clusters.map { number in
      compared.compactMap { $0.first { $0.clusters == number }?.labels }
    }
    perPair = labels.map(Self.indices)
    perNumber = perPair.map { Statistics.mean($0) }
    chosen = Statistics.mean(Self.indices(compared.compactMap { $0.best?.labels }))
    count = compared.count
  }

  /// The numbers of clusters whose labels agree (method section 5: a mean index of 0.8), and agree better
  /// than if they were shuffled among the cells of each cluster of the last smaller such number.
  ///
  /// Without the second condition a few clear types are counted double: wherever one of them is cut in two,
  /// the index stays high.
  public func supported(above limit: Double = 0.8, draws: Int = 199, seed: UInt64 = 0) -> [Int] {
    let stream = RandomStream(seed: seed).split("agreement")
    var accepted: [Int] = []
    for index in clusters.indices where perNumber[index] >= limit {
      let coarser = accepted.last.map { labels[$0] } ?? labels[index].map { $0.map { min($0, 0) } }
      let larger = (0..<draws).count { draw in
        let shuffled = zip(labels[index], coarser).enumerated().map { fit, pair in
          var stream = stream.split(clusters[index]).split(draw).split(fit)
          return Self.shuffled(pair.0, within: pair.1, &stream)
        }
        return Statistics.mean(Self.indices(shuffled)) >= perNumber[index]
      }
      if Double(1 + larger) <= 0.05 * Double(1 + draws) { accepted.append(index) }
    }
    return accepted.map { clusters[$0] }
  }

  /// Labels in random order within each cluster of a coarser partition.
  private static func shuffled(_ labels: [Int], within coarser: [Int], _ stream: inout RandomStream) -> [Int]
  {
    var result = labels
    for cluster in Set(coarser).sorted() {
      let members = labels.indices.filter { coarser[$0] == cluster }
      for (member, source) in zip(members, stream.permutation(members.count)) {
        result[member] = labels[members[source]]
      }
    }
    return result
  }

  /// The adjusted Rand index of each pair, over cells that have a label in both.
  private static func indices(_ labels: [[Int]]) -> [Double] {
    labels.indices.flatMap { second in (0..<second).map { index(labels[$0], labels[second]) } }
  }

  /// The adjusted Rand index of two labellings over the cells labelled in both (not −1).
  public static func index(_ first: [Int], _ second: [Int]) -> Double {
    let both = zip(first, second).filter { $0 >= 0 && $1 >= 0 }
    return Clustering.adjustedRandIndex(both.map(\.0), both.map(\.1))
  }
}
