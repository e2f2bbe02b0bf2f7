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
  /// How its units fall into channels and space.
  package let layout: ChannelLayout

  /// - Parameters:
  ///   - channelAxis: the axis of `shape` that counts channels; sums run over the others. Left out: the first, or
  ///     for `[token, hidden dimension]` the last.
  /// - Throws: `CodecError` of kind `usage` for an unknown tensor, listing the valid ones.
  public init(_ name: String, of network: Network, channelAxis: Int? = nil) throws {
    shape = try network.shape(of: name)
    self.name = name
    isFullCut = network.isFullCut(name)
    hasSigns = !network.nodes.contains { $0.output == name && isPositive($0.operation) }
    layout = ChannelLayout(shape: shape, channelAxis: channelAxis ?? (shape.count == 2 ? 1 : 0))
  }

  /// Number of units.
  package var units: Int { layout.units }
  /// Number of channels.
  public var channels: Int { layout.channels }
}

/// Whether an operator's outputs are never negative.
private func isPositive(_ operation: any Operator) -> Bool {
  operation is ReLU || operation is Softplus || operation is Exponential || operation is Sigmoid
}
