/// A family of networks known by name: how to build one from a file, which tensors are its layers, and what it
/// wants of a stimulus.
public protocol Architecture: Sendable {
  /// The word in a model file's `architecture` metadata, such as "retina-cnn".
  var name: String { get }

  /// Builds the network from named tensors and metadata.
  /// - Throws: `CodecError` of kind `data`; wrong or missing tensors are named with expected and found shapes.
  func load(_ weights: ModelWeights) throws -> LoadedModel
}

/// A network with all that is needed to run it on stimuli.
public struct LoadedModel: Sendable {
  /// The network; its input is `[history × channel, y, x]`, oldest frame first.
  public let network: Network
  /// Names of the layers contributions are computed for, in the order of the network.
  public let taps: [String]
  /// Name of the default target (`method.md` section 1's table), such as "surprisal".
  public let defaultTarget: String
  /// How stimuli become inputs.
  public let preprocessing: Preprocessing
  /// Ids of the output units: cell ids or class indices, in the output's order.
  public let unitIDs: [Int]
  /// The file's metadata as it stands.
  public let metadata: [String: String]

  /// A model from its parts.
  public init(
    network: Network, taps: [String], defaultTarget: String, preprocessing: Preprocessing, unitIDs: [Int],
    metadata: [String: String]
  ) {
    self.network = network
    self.taps = taps
    self.defaultTarget = defaultTarget
    self.preprocessing = preprocessing
    self.unitIDs = unitIDs
    self.metadata = metadata
  }
}

/// How a stimulus becomes a network's input.
public struct Preprocessing: Sendable, Equatable {
  /// Subtracted from every pixel.
  public let mean: Float
  /// Every pixel is divided by it.
  public let standardDeviation: Float
  /// Frames in a window.
  public let history: Int
  /// Shape of one frame, [channel, y, x].
  public let frameShape: [Int]
  /// Frames a second, where the model knows.
  public let frameRate: Double?

  /// A preprocessing from its parts.
  public init(mean: Float, standardDeviation: Float, history: Int, frameShape: [Int], frameRate: Double?) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.history = history
    self.frameShape = frameShape
    self.frameRate = frameRate
  }
}
