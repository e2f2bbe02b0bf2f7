import Networks
import Numerics
import Runtime

/// Vision transformers with a class token (Dosovitskiy et al. 2021) of any width, depth and patch size, with the
/// parameter names of timm, torchvision or Hugging Face.
///
/// Layers of block i: `attention<i>` (heads mixed, before the output projection), `mlp<i>` (after GELU) and
/// `token<i>` (the block's output), each `[token, hidden dimension]`: tokens are space, hidden dimensions channels.
/// Metadata: `heads` (default: width / 64), `image` (must agree with the position embedding), `norm_eps`, `resize`,
/// `interpolation`, `mean`, `std`, `classes`.
public struct ViT: Architecture {
  /// The architecture; it has no options.
  public init() {}

  /// The word that `architecture` begins with in a model file.
  public var name: String { "vit" }

  /// By the metadata, or by the tensors where it names no architecture.
  public func recognises(_ weights: ModelWeights) -> Bool {
    if let architecture = weights.metadata["architecture"] { return architecture.hasPrefix(name) }
    return names(in: weights) != nil
  }

  private func names(in weights: ModelWeights) -> ViTNames? {
    ViTNames.all.first { weights.tensors["\($0.patches).weight"] != nil }
  }

  /// Builds the network.
  /// - Throws: `CodecError` of kind `data`; wrong, missing or left-over tensors are named.
  public func load(_ weights: ModelWeights) throws -> LoadedModel {
    guard let names = names(in: weights) else {
      let expected = ViTNames.all.map { "\($0.patches).weight (\($0.library))" }.joined(separator: ", ")
      throw CodecError(
        .data, "there is no patch embedding", at: weights.name, remedy: "expected one of \(expected)")
    }
    var builder = try ViTBuilder(ImageModelReader(weights), names: names)
    try builder.addEmbedding()
    while builder.hasNextBlock { try builder.addBlock() }
    try builder.addHead()
    try builder.reader.checkNothingIsLeft(family: "vision transformer of \(names.library)")
    let network = try Network(
      name: weights.name, input: "input", inputShape: builder.inputShape, nodes: builder.nodes,
      output: "logits")
    let taps = (0..<builder.blocks).flatMap { ["attention\($0)", "mlp\($0)", "token\($0)"] }
    let reductions = taps.map { tap in
      LayerReduction(channelAxis: 1, heads: tap.hasPrefix("attention") ? builder.heads : nil)
    }
    return LoadedModel(
      network: network, taps: taps, reductions: Dictionary(uniqueKeysWithValues: zip(taps, reductions)),
      defaultTarget: "top:1", defaultsToSoftmax: true,
      preprocessing: try builder.reader.preprocessing(
        side: builder.inputShape[1], channels: builder.inputShape[0], defaults: names.defaults),
      unitIDs: Array(0..<network.outputShape[0]),
      unitNames: try builder.reader.classNames(count: network.outputShape[0]), metadata: weights.metadata)
  }
}

/// The nodes of a vision transformer, from the input on.
private struct ViTBuilder {
  var reader: ImageModelReader
  let names: ViTNames
  let inputShape: [Int]
  let heads: Int
  private(set) var nodes: [Node] = []
  private(set) var blocks = 0
  private let width: Int
  private let epsilon: Float
  private let patches: Convolution
  private let positions: Tensor
  private var tensor = "input"

  /// Reads the embedding, which tells all sizes.
  init(_ reader: ImageModelReader, names: ViTNames) throws {
    var reader = reader
    let weight = try reader.tensor("\(names.patches).weight", shape: [nil, nil, nil, nil])
    let (width, patch) = (weight.shape[0], Array(weight.shape[2...]))
    patches = try Convolution(
      weight: weight, bias: reader.vector(ifPresent: "\(names.patches).bias", count: width),
      geometry: .init(stride: patch))
    positions = try reader.tensor(names.positions, shape: [1, nil, width])
    let side = Int(Double(positions.shape[1] - 1).squareRoot().rounded())
    guard patch[0] == patch[1], side > 0, side * side + 1 == positions.shape[1] else {
      throw CodecError(
        .data,
        "tensor \(names.positions) has \(positions.shape[1]) positions: no square of patches and a class token",
        at: reader.weights.name)
    }
    let pixels = side * patch[0]
    guard try reader.imageSide(orElse: pixels) == pixels else {
      throw reader.weights.wrongMetadata(
        "image", expected: "\(pixels), which \(names.positions) and the patches make")
    }
    let heads =
      reader.weights.metadata["heads"] == nil ? max(width / 64, 1) : try reader.weights.count("heads")
    guard width % heads == 0 else {
      throw CodecError(
        .data, "a width of \(width) does not divide into \(heads) heads", at: reader.weights.name,
        remedy: "give the number of heads as the metadata entry heads")
    }
    epsilon = try reader.epsilon(names.defaults)
    (self.reader, self.names, self.heads, self.width) = (reader, names, heads, width)
    inputShape = [weight.shape[1], pixels, pixels]
  }

  var hasNextBlock: Bool {
    blocks == 0 || reader.contains("\(names.block(blocks).norm1).weight")
  }

  mutating func addEmbedding() throws {
    let count = positions.shape[1] - 1
    let token = try reader.tensor(names.classToken, shape: [1, 1, width])
    add("patches", patches)
    add("flat patches", Reshape(to: [width, count]))
    add("patch tokens", try Transpose(axes: [1, 0]))
    add("tokens", Concatenation(axis: 0, parts: [.constant(token.reshaped([1, width])), .input]))
    add("embedding", Arithmetic(.add, positions.reshaped([count + 1, width])))
  }

  mutating func addBlock() throws {
    let (block, index, input) = (names.block(blocks), blocks, tensor)
    add("norm1.\(index)", try reader.layerNorm(block.norm1, width: width, epsilon: epsilon))
    add("qkv.\(index)", try queriesKeysAndValues(block))
    add("attention\(index)", Attention(heads: heads))
    add("projection.\(index)", try reader.dense(block.projection, inputs: width, outputs: width))
    add("attended.\(index)", Add(), with: input)
    let attended = tensor
    add("norm2.\(index)", try reader.layerNorm(block.norm2, width: width, epsilon: epsilon))
    let fc1 = try reader.dense(block.fc1, inputs: width)
    add("fc1.\(index)", fc1)
    add("mlp\(index)", GELU())
    add("fc2.\(index)", try reader.dense(block.fc2, inputs: fc1.weight.shape[0], outputs: width))
    add("token\(index)", Add(), with: attended)
    blocks += 1
  }

  /// Adds the classifier on the class token; the norm before it acts on each token alone.
  mutating func addHead() throws {
    add("class token", Slice([.init(axis: 0, start: 0, count: 1)]))
    add("class features", Reshape(to: [width]))
    add("norm", try reader.layerNorm(names.norm, width: width, epsilon: epsilon))
    add("logits", try reader.dense(names.head, inputs: width))
  }

  /// One layer for queries, keys and values, joined where the library keeps three.
  private mutating func queriesKeysAndValues(_ block: ViTNames.Block) throws -> Dense {
    let outputs = 3 * width / block.attention.count
    var weight: [Float] = []
    var bias: [Float] = []
    for layer in block.attention {
      weight += try reader.tensor(layer.weight, shape: [outputs, width]).elements
      bias += try reader.vector(ifPresent: layer.bias, count: outputs) ?? Array(repeating: 0, count: outputs)
    }
    return try Dense(weight: Tensor(shape: [3 * width, width], elements: weight), bias: bias)
  }

  private mutating func add(_ name: String, _ operation: any Operator, with other: String? = nil) {
    nodes.append(Node(name, operation, inputs: [tensor] + (other.map { [$0] } ?? [])))
    tensor = name
  }
}
