import Numerics

/// What independently fitted networks say together about the clusters of their cells, by one kind of profile.
///
/// The number of clusters is the largest whose labels agree over three fits or more; the
/// silhouette only says which of the numbers agreed on is the clearest.
public struct ClusterConsensus: Codable, Sendable, Equatable {
  /// The mean adjusted Rand index at which fits agree.
  public static let limit = 0.8
  /// The number of fits it takes to say so.
  public static let fitsNeeded = 3

  /// "contributions", or the layer whose modes the clusters are by.
  public let name: String
  /// How many fits have clusters.
  public let fits: Int
  /// The numbers of clusters that every fit has.
  public let tried: [Int]
  /// Mean adjusted Rand index over the pairs of fits, for each number.
  public let agreement: [Double]
  /// The index of each pair of fits, for each number: the second with the first, the third with the first and
  /// the second, …
  public let pairs: [[Double]]
  /// Silhouette of each fit, for each number.
  public let silhouettes: [[Double]]
  /// Labels of each fit's cells, for each number, −1 for cells without a profile.
  public let labels: [[[Int]]]
  /// The numbers agreed on, smallest first; nil below three fits.
  public let supported: [Int]?
  /// The mean index that chance stays below in 95 % of draws, for each number: that of the same clusters with their
  /// cells shuffled, within the clusters of the last number agreed on; nil below three fits.
  public let chance: [Double]?

  /// - Parameter partitions: those of each fit.
  /// - Returns: nil below two fits with a partition.
  public init?(name: String, partitions: [[CellPartition]], seed: UInt64 = 0) {
    guard let agreement = ClusterAgreement(partitions) else { return nil }
    self.name = name
    (fits, tried, self.agreement) = (agreement.count, agreement.clusters, agreement.perNumber)
    (pairs, labels) = (agreement.perPair, agreement.labels)
    silhouettes = tried.map { number in
      agreement.members.compactMap { fit in
        partitions[fit].first { $0.clusters == number }?.silhouette
      }
    }
    let support =
      agreement.count >= Self.fitsNeeded ? agreement.support(above: Self.limit, seed: seed) : nil
    (supported, chance) = (support?.numbers, support?.chance)
  }

  init(
    name: String, fits: Int, tried: [Int], agreement: [Double], pairs: [[Double]], silhouettes: [[Double]],
    labels: [[[Int]]], supported: [Int]?, chance: [Double]?
  ) {
    (self.name, self.fits, self.tried, self.agreement) = (name, fits, tried, agreement)
    (self.pairs, self.silhouettes, self.labels) = (pairs, silhouettes, labels)
    (self.supported, self.chance) = (supported, chance)
  }

  /// The number of clusters chosen, the largest agreed on; nil where there is none.
  public var chosen: Int? { supported?.last }

  /// The number with the largest mean silhouette of those agreed on; nil where there is none.
  public var clearest: Int? { supported?.max { silhouette(at: $0) < silhouette(at: $1) } }

  /// The number whose labels agree best.
  public var best: (clusters: Int, agreement: Double)? {
    zip(tried, agreement).max { $0.1 < $1.1 }.map { (clusters: $0.0, agreement: $0.1) }
  }

  /// The mean silhouette of a number of clusters; NaN for one not tried.
  public func silhouette(at clusters: Int) -> Double {
    tried.firstIndex(of: clusters).map { Statistics.mean(silhouettes[$0]) } ?? .nan
  }

  /// The mean agreement at a number of clusters; NaN for one not tried.
  public func agreement(at clusters: Int) -> Double {
    tried.firstIndex(of: clusters).map { agreement[$0] } ?? .nan
  }

  /// The labels of the fit that agrees best with the others, at a number of clusters.
  public func labels(at clusters: Int) -> [Int]? {
    guard let row = tried.firstIndex(of: clusters) else { return nil }
    var sums = Array(repeating: 0.0, count: fits)
    var pair = 0
    for second in 0..<fits {
      for first in 0..<second {
        sums[first] += pairs[row][pair]
        sums[second] += pairs[row][pair]
        pair += 1
      }
    }
    return sums.indices.max { sums[$0] < sums[$1] }.map { labels[row][$0] }
  }

  /// How steadily each cell is put, at a number of clusters: the share of other cells and pairs of fits for
  /// which both fits say the same, together or apart. NaN for cells without a profile.
  public func steadiness(at clusters: Int) -> [Double]? {
    guard let row = tried.firstIndex(of: clusters) else { return nil }
    let labels = labels[row]
    return labels[0].indices.map { cell in
      var (same, all) = (0, 0)
      for second in labels.indices {
        for first in 0..<second {
          let pair = (labels[first], labels[second])
          for other in labels[0].indices where other != cell {
            guard min(pair.0[cell], pair.1[cell], pair.0[other], pair.1[other]) >= 0 else { continue }
            all += 1
            if (pair.0[cell] == pair.0[other]) == (pair.1[cell] == pair.1[other]) { same += 1 }
          }
        }
      }
      return all > 0 ? Double(same) / Double(all) : .nan
    }
  }
}
