import Networks
import Runtime

/// The three-layer retina network: two convolutions, each with batch norm and a rectifier, and a dense read-out of
/// one rate per ganglion cell (Maheswaranathan et al. 2023; paper §7).
///
/// Tensors `conv1`, `bn1`, `conv2`, `bn2`, `dense`, `bn3` with PyTorch's parameter names. Norms act per unit or per
/// channel: their sizes tell. Metadata: `history`, `frame` (height x width), `bn_eps`, `norm_mean`, `norm_std`,
/// `output` (softplus, exponential or linear), and where present `norm`, `cells`, `frame_rate`, and `rate_scale`
/// (JSON, one factor per cell applied to the output).
public struct RetinaCNN: Architecture {
  /// The layers contributions are computed for.
  public static let taps = ["conv1", "relu1", "conv2", "relu2"]

  /// The architecture; it has no options.
  public init() {}

  /// The word in a model file's `architecture` entry.
  public var name: String { "retina-cnn" }

  /// Builds the network.
  /// - Throws: `CodecError` of kind `data`; wrong or missing tensors are named with expected and found shapes.
  public func load(_ weights: ModelWeights) throws -> LoadedModel {
    guard try weights.text("architecture") == name else {
      throw weights.wrongMetadata("architecture", expected: name)
    }
    let reader = RetinaCNNReader(weights)
    let preprocessing = try reader.preprocessing()
    let network = try reader.network(preprocessing)
    return LoadedModel(
      network: network, taps: Self.taps, defaultTarget: "surprisal", preprocessing: preprocessing,
      unitIDs: try reader.cellIDs(count: network.outputShape[0]), metadata: weights.metadata)
  }
}
