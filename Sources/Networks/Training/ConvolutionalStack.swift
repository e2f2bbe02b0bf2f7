import Numerics

/// The shape of a network that is trained here: some times convolution → batch norm → noise → rectifier, then
/// dense → batch norm → a nonlinearity.
public struct ConvolutionalStack: Sendable, Equatable, Codable {
  /// One convolution with its norm and rectifier.
  public struct Layer: Sendable, Equatable, Codable {
    /// Output channels.
    public var channels: Int
    /// Height and width of its kernels.
    public var kernel: [Int]

    /// A layer of `channels` kernels of a size `[y, x]`.
    public init(channels: Int, kernel: [Int]) { (self.channels, self.kernel) = (channels, kernel) }
  }

  /// What a norm has a mean and a scale of its own for.
  public enum Norm: String, Sendable, Equatable, Codable, CaseIterable {
    /// Each unit: a channel at a position.
    case unit
    /// Each channel.
    case channel
  }

  /// What turns the last norm's output into a rate.
  public enum Output: String, Sendable, Equatable, Codable, CaseIterable {
    /// log(1 + eˣ).
    case softplus
    /// eˣ.
    case exponential
  }

  /// The input's shape: `[history × channels, y, x]`.
  public var input: [Int]
  /// The convolutions.
  public var layers: [Layer]
  /// Number of outputs: cells.
  public var outputs: Int
  /// What the hidden norms act on.
  public var norm: Norm
  /// The output nonlinearity.
  public var output: Output
  /// Added to variances.
  public var epsilon: Float

  /// - Parameters:
  ///   - input: `[history × channels, y, x]`.
  ///   - outputs: number of cells.
  public init(
    input: [Int], layers: [Layer], outputs: Int, norm: Norm = .unit, output: Output = .softplus,
    epsilon: Float = 1e-3
  ) {
    precondition(input.count == 3 && !layers.isEmpty && outputs > 0)
    (self.input, self.layers, self.outputs) = (input, layers, outputs)
    (self.norm, self.output, self.epsilon) = (norm, output, epsilon)
  }

  /// Shape of the input of a layer, counted from 0; of the dense layer's at `layers.count`.
  public func shape(before layer: Int) -> [Int] {
    layers.prefix(layer).reduce(input) { shape, layer in
      [layer.channels, shape[1] - layer.kernel[0] + 1, shape[2] - layer.kernel[1] + 1]
    }
  }

  /// Number of units that a layer's output has.
  func units(after layer: Int) -> Int { elementCount(shape(before: layer + 1)) }

  /// How many means and scales a hidden layer's norm has.
  func normCount(_ layer: Int) -> Int { norm == .unit ? units(after: layer) : layers[layer].channels }

  /// Number of the dense layer's inputs.
  var features: Int { elementCount(shape(before: layers.count)) }
}

extension ConvolutionalStack {
  /// A tensor's place in a flat array.
  public struct Entry: Sendable, Equatable {
    /// PyTorch's name of the tensor.
    public let name: String
    /// Its shape.
    public let shape: [Int]
    /// Its numbers in the flat array.
    public let range: Range<Int>
  }

  /// Every trained tensor, in the order of the flat parameters.
  public var parameters: [Entry] {
    var shapes: [(String, [Int])] = []
    for (index, layer) in layers.enumerated() {
      shapes.append(
        ("conv\(index + 1).weight", [layer.channels, shape(before: index)[0]] + layer.kernel))
      for part in ["weight", "bias"] { shapes.append(("bn\(index + 1).\(part)", [normCount(index)])) }
    }
    shapes.append(("dense.weight", [outputs, features]))
    for part in ["weight", "bias"] { shapes.append(("bn\(layers.count + 1).\(part)", [outputs])) }
    return Self.entries(shapes)
  }

  /// Every norm's running mean and variance, in the order of the flat statistics.
  public var statistics: [Entry] {
    let counts = layers.indices.map(normCount) + [outputs]
    return Self.entries(
      counts.enumerated().flatMap { index, count in
        ["running_mean", "running_var"].map { ("bn\(index + 1).\($0)", [count]) }
      })
  }

  private static func entries(_ shapes: [(String, [Int])]) -> [Entry] {
    var start = 0
    return shapes.map { name, shape in
      defer { start += elementCount(shape) }
      return Entry(name: name, shape: shape, range: start..<start + elementCount(shape))
    }
  }
}
