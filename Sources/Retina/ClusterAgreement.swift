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

  /// - Returns: nil below two clusterings with a partition.
  public init?(_ clusterings: [CellClustering]) {
    let compared = clusterings.filter { $0.best != nil }
    guard compared.count >= 2 else { return nil }
    let common = compared.map { Set($0.partitions.map(\.clusters)) }.reduce(into: Set(2...64)) {
      $0.formIntersection($1)
    }
    clusters = common.sorted()
    perNumber = clusters.map { number in
      Self.meanIndex(compared.compactMap { $0.partition(number)?.labels })
    }
    chosen = Self.meanIndex(compared.compactMap { $0.best?.labels })
    count = compared.count
  }

  /// The largest number of clusters whose labels agree well (method section 5: mean index 0.8).
  public func largestAgreed(above limit: Double = 0.8) -> Int? {
    zip(clusters, perNumber).filter { $0.1 >= limit }.map(\.0).last
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
