/// A network with all that is needed to run it on stimuli.
public struct LoadedModel: Sendable {
  /// The network; its input is `[history × channel, y, x]`, oldest frame first.
  public let network: Network
  /// Names of the layers contributions are computed for, in the order of the network.
  public let taps: [String]
  /// How layers are summed to channels, where their shape alone does not say it; by name.
  public let reductions: [String: LayerReduction]
  /// Name of the default target as `--target` spells it, such as "surprisal".
  public let defaultTarget: String
  /// Whether the default target is applied to softmax(y).
  public let defaultsToSoftmax: Bool
  /// How stimuli become inputs.
  public let preprocessing: Preprocessing
  /// Ids of the output units: cell ids or class indices, in the output's order.
  public let unitIDs: [Int]
  /// Names of the output units, such as classes, in the output's order; `nil` where they have none.
  public let unitNames: [String]?
  /// The file's metadata as it stands.
  public let metadata: [String: String]

  /// A model from its parts.
  public init(
    network: Network, taps: [String], reductions: [String: LayerReduction] = [:], defaultTarget: String,
    defaultsToSoftmax: Bool = false, preprocessing: Preprocessing, unitIDs: [Int], unitNames: [String]? = nil,
    metadata: [String: String]
  ) {
    self.network = network
    self.taps = taps
    self.reductions = reductions
    self.defaultTarget = defaultTarget
    self.defaultsToSoftmax = defaultsToSoftmax
    self.preprocessing = preprocessing
    self.unitIDs = unitIDs
    self.unitNames = unitNames
    self.metadata = metadata
  }
}

/// How a layer's units are summed to channels: one axis counts channels, the others are space (or tokens).
public struct LayerReduction: Sendable, Equatable {
  /// The axis of the per-sample shape that counts channels.
  public let channelAxis: Int
  /// Equal groups of neighbouring channels that are summed as well, such as attention heads; `nil` for none.
  public let heads: Int?

  /// A reduction from its parts.
  public init(channelAxis: Int, heads: Int? = nil) {
    (self.channelAxis, self.heads) = (channelAxis, heads)
  }

  /// What the shape alone suggests: the first axis of images and vectors, the last of `[token, hidden dimension]`.
  public init(ofShape shape: [Int]) { self.init(channelAxis: shape.count == 2 ? 1 : 0) }
}
