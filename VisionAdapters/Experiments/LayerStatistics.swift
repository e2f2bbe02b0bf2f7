import Numerics
import Runtime

/// How a layer's contributions and activations spread over its channels (paper Fig. 3, S7, S8): one layer's part of
/// `statistics.h5`.
package struct LayerStatistics: Sendable {
  /// Contributions beside activations.
  package struct Pair<Value: Sendable>: Sendable {
    package var contributions: Value
    package var activations: Value
  }

  /// Class averages taken apart.
  package struct Dimensionality: Sendable {
    /// Share of variance explained by 1, 2, … components.
    package let explained: [Double]
    /// The fewest components that explain 95 %.
    package let components: Int
    /// (Σλ)²/Σλ².
    package let participationRatio: Double

    /// - Parameter averages: `[class, channel]`.
    init(_ averages: Matrix, at place: String) throws {
      let pca = try PrincipalComponents(averages, at: place)
      var sum = 0.0
      explained = pca.explainedVarianceRatio.map {
        sum += $0
        return sum
      }
      components = pca.count(explaining: 0.95)
      participationRatio = pca.participationRatio
    }
  }

  /// Sparsity over attention heads.
  package struct Heads: Sendable {
    package let count: Int
    package var learned = Pair<[Double]>(contributions: [], activations: [])
    /// The same over groups of randomly permuted dimensions, averaged over the draws.
    package var random = Pair<[Double]>(contributions: [], activations: [])

    fileprivate mutating func append(
      contributions: (learned: Double, random: Double), activations: (learned: Double, random: Double)
    ) {
      learned.contributions.append(contributions.learned)
      learned.activations.append(activations.learned)
      random.contributions.append(contributions.random)
      random.activations.append(activations.random)
    }
  }

  package let layer: String
  package let channels: Int
  /// Hoyer sparsity over channels of each sample: net contributions, positive activations.
  package var hoyer = Pair<[Double]>(contributions: [], activations: [])
  /// −corr(C⁻, C⁺) over channels of each sample; NaN where one of them is the same in every channel.
  package var signCorrelation: [Double] = []
  /// `nil` where samples have no classes.
  package var dimensionality: Pair<Dimensionality>?
  /// `nil` for layers that are no attention.
  package var heads: Heads?

  /// Reads and computes one layer.
  /// - Parameters:
  ///   - draws: random groupings that attention heads are compared with.
  package init(_ layer: String, of file: LabelledResult, draws: Int, seed: UInt64) throws {
    self.layer = layer
    channels = try file.columns(of: layer, "positive")
    heads =
      file.has("head_negative", of: layer)
      ? Heads(count: try file.columns(of: layer, "head_negative")) : nil
    let positive = file.has("activation_positive", of: layer) ? ["activation_positive"] : []
    let groupings = HeadGroupings(
      channels: channels, heads: heads?.count ?? 1, draws: draws,
      random: RandomStream(seed: seed).split("heads").split(layer))
    var sums = Pair(
      contributions: ClassSums(classes: file.classNames.count, columns: channels),
      activations: ClassSums(classes: file.classNames.count, columns: channels))
    try file.forEachRow(of: layer, ["negative", "positive", "activation"] + positive) { sample, parts in
      let (negative, positive, activation) = (parts[0], parts[1], parts[2])
      let net = zip(negative, positive).map { $0 + $1 }
      hoyer.contributions.append(Statistics.hoyerSparsity(net))
      hoyer.activations.append(Statistics.hoyerSparsity(parts.count > 3 ? parts[3] : activation))
      signCorrelation.append(-Statistics.pearson(negative, positive))
      if let label = file.labels?[sample] {
        sums.contributions.add(net, label: label)
        sums.activations.add(activation, label: label)
      }
      heads?.append(
        contributions: groupings.sparsities(net), activations: groupings.sparsities(activation))
    }
    if file.labels != nil, sums.contributions.presentClasses.count > 1 {
      dimensionality = Pair(
        contributions: try Dimensionality(sums.contributions.presentAverages, at: layer),
        activations: try Dimensionality(sums.activations.presentAverages, at: layer))
    }
  }
}

/// Dimensions summed within heads, and within as many random groups of the same size.
private struct HeadGroupings {
  private let learned: [Int]
  private let random: [[Int]]
  private let heads: Int

  /// - Parameter random: decides the permutations.
  init(channels: Int, heads: Int, draws: Int, random: RandomStream) {
    precondition(channels % heads == 0)
    self.heads = heads
    learned = (0..<channels).map { $0 / (channels / heads) }
    self.random = (0..<draws).map { [learned] draw in
      var stream = random.split(draw)
      return stream.permutation(channels).map { learned[$0] }
    }
  }

  /// Sparsity over heads, and the mean over the random groupings.
  func sparsities(_ values: [Double]) -> (learned: Double, random: Double) {
    (sparsity(values, learned), Statistics.mean(random.map { sparsity(values, $0) }))
  }

  private func sparsity(_ values: [Double], _ groups: [Int]) -> Double {
    var sums = [Double](repeating: 0, count: heads)
    for (value, group) in zip(values, groups) { sums[group] += value }
    return Statistics.hoyerSparsity(sums)
  }
}
