import Networks
import Numerics
import Runtime

/// A layer whose units' contributions are wanted.
public struct Tap: Sendable, Equatable {
  /// The tensor's name, such as `conv1`.
  public let name: String
  /// Shape of one sample: `[channel, y, x]`, `[token, hidden dimension]` or `[unit]`.
  public let shape: [Int]
  /// Whether every path from the input to the output passes through it, so that its contributions sum to the
  /// target's whole change (completeness, method eq. 11).
  public let isFullCut: Bool
  /// Whether its values can be negative.
  public let hasSigns: Bool
  /// Equal groups of neighbouring channels that are summed as well, such as attention heads; `nil` for none.
  public let heads: Int?
  /// How its units fall into channels and space.
  package let layout: ChannelLayout

  /// - Parameters:
  ///   - reduction: how units are summed to channels; what the shape suggests where left out.
  /// - Throws: `CodecError` of kind `usage` for an unknown tensor, listing the valid ones.
  public init(_ name: String, of network: Network, reduction: LayerReduction? = nil) throws {
    shape = try network.shape(of: name)
    self.name = name
    isFullCut = network.isFullCut(name)
    hasSigns = !network.nodes.contains { $0.output == name && $0.operation.isNonnegative }
    let reduction = reduction ?? LayerReduction(ofShape: shape)
    heads = reduction.heads
    layout = ChannelLayout(shape: shape, channelAxis: reduction.channelAxis)
    precondition(channels % (heads ?? 1) == 0)
  }

  /// Number of units.
  package var units: Int { layout.units }
  /// Number of channels.
  public var channels: Int { layout.channels }
}
