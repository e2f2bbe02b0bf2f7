import Numerics

/// How far clusterings of the same cells agree, for each number of clusters.
public struct ClusterAgreement: Sendable, Equatable {
  /// Numbers of clusters compared.
  public let clusters: [Int]
  /// Mean adjusted Rand index over all pairs of clusterings, for each number.
  public let perNumber: [Double]
  /// The same with each clustering at the number it chose itself.
  public let chosen: Double
  /// How many clusterings were compared.
  public let count: Int
  /// The labels compared, for each number of clusters.
  private let labels: [[[Int]]]

  /// - Returns: nil below two clusterings with a partition.
  public init?(_ clusterings: [CellClustering]) {
    let compared = clusterings.filter { $0.best != nil }
    guard compared.count >= 2 else { return nil }
    let common = compared.map { Set($0.partitions.map(\.clusters)) }.reduce(into: Set(2...64)) {
      $0.formIntersection($1)
    }
    clusters = common.sorted()
    labels = clusters.map { number in compared.compactMap { $0.partition(number)?.labels } }
    perNumber = labels.map(Self.meanIndex)
    chosen = Self.meanIndex(compared.compactMap { $0.best?.labels })
    count = compared.count
  }

  /// The largest number of clusters whose labels agree (method section 5: a mean index of 0.8), and agree better
  /// than if they were shuffled among the cells of each cluster of the last smaller such number.
  ///
  /// Without the second condition a few clear types are counted double: wherever one of them is cut in two, the
  /// index stays high.
  public func supported(above limit: Double = 0.8, draws: Int = 199, seed: UInt64 = 0) -> Int? {
    let stream = RandomStream(seed: seed).split("agreement")
    var accepted: Int?
    for index in clusters.indices where perNumber[index] >= limit {
      let coarser = accepted.map { labels[$0] } ?? labels[index].map { $0.map { min($0, 0) } }
      let larger = (0..<draws).count { draw in
        let shuffled = zip(labels[index], coarser).enumerated().map { fit, pair in
          var stream = stream.split(clusters[index]).split(draw).split(fit)
          return Self.shuffled(pair.0, within: pair.1, &stream)
        }
        return Self.meanIndex(shuffled) >= perNumber[index]
      }
      if Double(1 + larger) <= 0.05 * Double(1 + draws) { accepted = index }
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

  /// The mean over pairs of the adjusted Rand index, over cells that have a label in both.
  private static func meanIndex(_ labels: [[Int]]) -> Double {
    var values: [Double] = []
    for second in labels.indices {
      for first in 0..<second { values.append(index(labels[first], labels[second])) }
    }
    return Statistics.mean(values)
  }

  /// The adjusted Rand index of two labellings over the cells labelled in both (not −1).
  public static func index(_ first: [Int], _ second: [Int]) -> Double {
    let both = zip(first, second).filter { $0 >= 0 && $1 >= 0 }
    return Clustering.adjustedRandIndex(both.map(\.0), both.map(\.1))
  }
}
