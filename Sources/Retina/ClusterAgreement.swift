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

  /// Which numbers of clusters clusterings agree on, and what chance would give.
  public struct Support: Sendable, Equatable {
    /// The numbers agreed on, smallest first.
    public let numbers: [Int]
    /// For each number compared, the mean index that chance stays below in 95 % of draws.
    public let chance: [Double]
  }

  /// The numbers of clusters whose labels agree (a mean index of 0.8), and agree better than if they were
  /// shuffled among the cells of each cluster of the last smaller such number.
  ///
  /// Without the second condition a few clear types are counted double: wherever one of them is cut in two,
  /// the index stays high.
  public func support(above limit: Double = 0.8, draws: Int = 199, seed: UInt64 = 0) -> Support {
    let stream = RandomStream(seed: seed).split("agreement")
    var accepted: [Int] = []
    let chance = clusters.indices.map { index in
      let coarser = accepted.last.map { labels[$0] } ?? labels[index].map { $0.map { min($0, 0) } }
      let byChance = (0..<draws).map { draw in
        let labels = shuffled(index, within: coarser, stream.split(clusters[index]).split(draw))
        return Statistics.mean(Self.indices(labels))
      }
      let larger = byChance.count { $0 >= perNumber[index] }
      let isBeyondChance = Double(1 + larger) <= 0.05 * Double(1 + draws)
      if perNumber[index] >= limit && isBeyondChance { accepted.append(index) }
      return Statistics.quantile(byChance, 0.95)
    }
    return Support(numbers: accepted.map { clusters[$0] }, chance: chance)
  }

  /// Every clustering's labels at one number, in random order within each cluster of a coarser partition.
  private func shuffled(_ number: Int, within coarser: [[Int]], _ stream: RandomStream) -> [[Int]] {
    zip(labels[number], coarser).enumerated().map { fit, pair in
      var stream = stream.split(fit)
      return Self.shuffled(pair.0, within: pair.1, &stream)
    }
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
