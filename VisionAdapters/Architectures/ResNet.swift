import Networks
import Numerics
import Runtime

/// Residual networks of any width and depth (He et al. 2016; ResNet-18, 34, 50, 101, 152 and their kin), with the
/// parameter names that torchvision and timm share.
///
/// The structure is read off the tensors: blocks of two 3×3 convolutions or bottlenecks of three, stage by stage; the
/// stride of a stage is in its first block's 3×3 convolution. Layers `block0`, `block1`, … are the outputs of the
/// blocks, after their last rectifier. Metadata: `image` (pixels, default 224), `norm_eps`, `resize`,
/// `interpolation`, `mean`, `std`, `classes`.
public struct ResNet: Architecture {
  /// The architecture; it has no options.
  public init() {}

  /// The word that `architecture` begins with in a model file: `resnet`, `resnet50`, ….
  public var name: String { "resnet" }

  /// By the metadata, or by the tensors where it names no architecture.
  public func recognises(_ weights: ModelWeights) -> Bool {
    if let architecture = weights.metadata["architecture"] { return architecture.hasPrefix(name) }
    return weights.tensors["layer1.0.conv1.weight"] != nil
  }

  /// Builds the network.
  /// - Throws: `CodecError` of kind `data`; wrong, missing or left-over tensors are named.
  public func load(_ weights: ModelWeights) throws -> LoadedModel {
    var reader = ImageModelReader(weights)
    let epsilon = try reader.epsilon(.imageNet)
    var builder = ResNetBuilder(reader: reader, epsilon: epsilon)
    try builder.addStem()
    for stage in 1...4 { try builder.addStage(stage) }
    try builder.addClassifier()
    reader = builder.reader
    try reader.checkNothingIsLeft(family: "ResNet")
    let side = try reader.imageSide(orElse: 224)
    let network = try Network(
      name: weights.name, input: "input", inputShape: [builder.inputChannels, side, side],
      nodes: builder.nodes, output: "logits")
    return LoadedModel(
      network: network, taps: (0..<builder.blocks).map { "block\($0)" }, defaultTarget: "top:1",
      preprocessing: try reader.preprocessing(
        side: side, channels: builder.inputChannels, defaults: .imageNet),
      unitIDs: Array(0..<network.outputShape[0]),
      unitNames: try reader.classNames(count: network.outputShape[0]), metadata: weights.metadata)
  }
}

/// The nodes of a residual network, from the input on.
private struct ResNetBuilder {
  var reader: ImageModelReader
  let epsilon: Float
  private(set) var nodes: [Node] = []
  private(set) var inputChannels = 0
  private(set) var blocks = 0
  /// The last tensor and its channels.
  private var tensor = "input"
  private var channels = 0

  init(reader: ImageModelReader, epsilon: Float) { (self.reader, self.epsilon) = (reader, epsilon) }

  mutating func addStem() throws {
    inputChannels = try reader.tensor("conv1.weight", shape: [nil, nil, 7, 7]).shape[1]
    channels = inputChannels
    (tensor, channels) = try addConvolution(
      "conv1", norm: "bn1", from: tensor, channels: channels, kernel: 7, stride: 2)
    add("relu", ReLU())
    add("maxpool", MaxPool(PoolGeometry(kernel: [3, 3], stride: [2, 2], before: [1, 1])))
  }

  /// Adds the blocks of `layer1`, `layer2`, ….
  mutating func addStage(_ stage: Int) throws {
    var block = 0
    while block == 0 || reader.contains("layer\(stage).\(block).conv1.weight") {
      try addBlock("layer\(stage).\(block)", stride: stage > 1 && block == 0 ? 2 : 1)
      block += 1
    }
  }

  mutating func addClassifier() throws {
    add("avgpool", AxisSum(axes: [1, 2], isMean: true))
    add("fc", try reader.dense("fc", inputs: channels), output: "logits")
  }

  private mutating func addBlock(_ name: String, stride: Int) throws {
    let (input, inputChannels) = (tensor, channels)
    let isBottleneck = reader.contains("\(name).conv3.weight")
    let kernels = isBottleneck ? [1, 3, 1] : [3, 3]
    let strided = isBottleneck ? 1 : 0
    for (index, kernel) in kernels.enumerated() {
      (tensor, channels) = try addConvolution(
        "\(name).conv\(index + 1)", norm: "\(name).bn\(index + 1)", from: tensor, channels: channels,
        kernel: kernel, stride: index == strided ? stride : 1)
      if index < kernels.count - 1 { add("\(name).relu\(index + 1)", ReLU()) }
    }
    var shortcut = input
    if reader.contains("\(name).downsample.0.weight") {
      let (projected, count) = try addConvolution(
        "\(name).downsample.0", norm: "\(name).downsample.1", from: input, channels: inputChannels, kernel: 1,
        stride: stride)
      guard count == channels else {
        throw CodecError(
          .data,
          "tensor \(name).downsample.0.weight makes \(count) channels, the block's convolutions \(channels)",
          at: reader.weights.name)
      }
      shortcut = projected
    } else if stride > 1 || inputChannels != channels {
      throw CodecError(
        .data,
        "there is no tensor \(name).downsample.0.weight, which a block from \(inputChannels) to \(channels) "
          + "channels with stride \(stride) needs", at: reader.weights.name)
    }
    nodes.append(Node("\(name).add", Add(), inputs: [tensor, shortcut]))
    tensor = "\(name).add"
    add("\(name).relu", ReLU(), output: "block\(blocks)")
    blocks += 1
  }

  /// Adds a convolution and its norm.
  /// - Returns: the norm's output and its channels.
  private mutating func addConvolution(
    _ name: String, norm: String, from input: String, channels: Int, kernel: Int, stride: Int
  ) throws -> (String, Int) {
    let convolution = try reader.convolution(name, inputs: channels, kernel: kernel, stride: stride)
    let outputs = convolution.weight.shape[0]
    nodes.append(Node(name, convolution, inputs: [input]))
    nodes.append(
      Node(norm, try reader.batchNorm(norm, channels: outputs, epsilon: epsilon), inputs: [name]))
    return (norm, outputs)
  }

  private mutating func add(_ name: String, _ operation: any Operator, output: String? = nil) {
    nodes.append(Node(name, operation, inputs: [tensor], output: output))
    tensor = output ?? name
  }
}
