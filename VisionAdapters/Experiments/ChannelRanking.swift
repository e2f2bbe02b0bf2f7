import Modes
import Numerics
import Runtime

/// How channels are chosen for a set of classes.
public enum ChannelSelection: String, Sendable, CaseIterable, Codable {
  /// By the contribution mode that goes with the classes.
  case modes
  /// By the activation mode that goes with the classes.
  case activationModes = "activation_modes"
  /// By each channel's own correlation with the classes.
  case channels
  /// At random.
  case random
}

/// What ranks one layer's channels.
struct LayerRanking: Sendable {
  let channels: Int
  var modes: ModeClasses?
  var activationModes: ModeClasses?
  /// C⁺ of single channels by class.
  var channelSums: ClassSums?

  /// Every channel, the one that matters most for the classes first.
  /// - Parameters:
  ///   - rank: which mode by correlation, from 1.
  ///   - sumsModes: whether all modes that correlate above the limit are summed (superclasses).
  ///   - random: decides the order of channels at random.
  func order(
    _ selection: ChannelSelection, classes: [Int], rank: Int, sumsModes: Bool, random: RandomStream
  ) -> [Int] {
    func byModes(_ source: ModeClasses?) -> [Double] {
      guard let source else { preconditionFailure("no modes to rank by") }
      return source.channelWeights(
        of: sumsModes
          ? source.modes(for: classes, above: ClassReading.limit) : [source.best(for: classes, rank: rank)])
    }
    let weights: [Double]
    switch selection {
    case .modes: weights = byModes(modes)
    case .activationModes: weights = byModes(activationModes)
    case .channels:
      guard let channelSums else { preconditionFailure("no channels to rank") }
      weights = channelSums.correlations(with: [classes]).undefinedAsZero.elements
    case .random:
      var stream = random
      return stream.permutation(channels)
    }
    return weights.indices.sorted { (weights[$0], -$0) > (weights[$1], -$1) }
  }
}

/// What is done with the channels chosen.
public enum Perturbation: String, Sendable, CaseIterable, Codable {
  /// They become zero.
  case ablate
  /// All others become zero.
  case preserve

  /// A factor for each channel.
  /// - Parameters:
  ///   - order: all channels, the most important first.
  ///   - percentage: of the channels chosen; at least one is.
  package func factors(_ order: [Int], percentage: Double) -> [Float] {
    let count = max(1, Int(Double(order.count) * percentage / 100))
    let (chosen, others): (Float, Float) = self == .ablate ? (0, 1) : (1, 0)
    var factors = [Float](repeating: others, count: order.count)
    for channel in order.prefix(count) { factors[channel] = chosen }
    return factors
  }
}
