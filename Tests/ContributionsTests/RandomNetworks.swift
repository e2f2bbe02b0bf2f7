import Contributions
import Networks
import Numerics

/// Numbers for weights and inputs from a seed.
struct WeightSource {
  private var stream: RandomStream

  init(seed: UInt64) { stream = RandomStream(seed: seed) }

  mutating func tensor(_ shape: [Int], deviation: Float = 1) -> Tensor {
    var tensor = Tensor(shape: shape)
    stream.fillNormal(&tensor.elements, standardDeviation: deviation)
    return tensor
  }

  mutating func numbers(_ count: Int, deviation: Float = 1) -> [Float] {
    tensor([count], deviation: deviation).elements
  }

  mutating func norm(_ count: Int) throws -> BatchNorm {
    try BatchNorm(
      scale: numbers(count).map { 1 + 0.3 * $0 }, shift: numbers(count, deviation: 0.5),
      mean: numbers(count, deviation: 0.3), variance: numbers(count).map { 0.5 + $0 * $0 }, epsilon: 1e-3)
  }

  mutating func convolution(_ shape: [Int], padding: Int = 0) throws -> Convolution {
    let inputs = Float(shape[1] * shape[2] * shape[3])
    return try Convolution(
      weight: tensor(shape, deviation: 1 / inputs.squareRoot()), bias: numbers(shape[0], deviation: 0.3),
      geometry: .init(padding: [padding, padding]))
  }

  mutating func dense(_ outputs: Int, _ inputs: Int) throws -> Dense {
    try Dense(
      weight: tensor([outputs, inputs], deviation: 1 / Float(inputs).squareRoot()), bias: numbers(outputs))
  }
}

/// Small random networks of every kind of graph contributions must hold for.
enum RandomNetworks {
  /// Convolution, norms, rectifiers, a shortcut around the second convolution, softplus.
  static func residual(seed: UInt64) throws -> Network {
    var source = WeightSource(seed: seed)
    return try Network(
      name: "residual", input: "window", inputShape: [2, 6, 7],
      nodes: [
        Node("conv1", try source.convolution([3, 2, 3, 3]), inputs: ["window"]),
        Node("bn1", try source.norm(3 * 4 * 5), inputs: ["conv1"]),
        Node("relu1", ReLU(), inputs: ["bn1"]),
        Node("conv2", try source.convolution([3, 3, 3, 3], padding: 1), inputs: ["relu1"]),
        Node("sum", Add(), inputs: ["relu1", "conv2"]),
        Node("bn2", try source.norm(3), inputs: ["sum"]),
        Node("relu2", ReLU(), inputs: ["bn2"]),
        Node("flat", Reshape(), inputs: ["relu2"]),
        Node("dense", try source.dense(4, 60), inputs: ["flat"]),
        Node("rate", Softplus(), inputs: ["dense"]),
      ], output: "rate")
  }

  /// A network that does not begin with an affine layer, all of it smooth.
  static func smooth(seed: UInt64) throws -> Network {
    var source = WeightSource(seed: seed)
    return try Network(
      name: "smooth", input: "x", inputShape: [5],
      nodes: [
        Node("bent", Softplus(), inputs: ["x"]),
        Node("hidden", try source.dense(7, 5), inputs: ["bent"]),
        Node("gate", Sigmoid(), inputs: ["hidden"]),
        Node("y", try source.dense(3, 7), inputs: ["gate"]),
      ], output: "y")
  }

  /// A network without a nonlinearity.
  static func linear(seed: UInt64) throws -> Network {
    var source = WeightSource(seed: seed)
    return try Network(
      name: "linear", input: "window", inputShape: [2, 5, 5],
      nodes: [
        Node("conv", try source.convolution([3, 2, 3, 3]), inputs: ["window"]),
        Node("norm", try source.norm(3), inputs: ["conv"]),
        Node("flat", Reshape(), inputs: ["norm"]),
        Node("y", try source.dense(4, 27), inputs: ["flat"]),
      ], output: "y")
  }
}

/// Contributions to `target` of some layers, for random inputs.
func contributions(
  _ network: Network, taps: [String], method: ContributionMethod, targets: [any Target], samples: Int = 3,
  seed: UInt64 = 1, rows: Int = 64, baseline: Tensor? = nil
) throws -> (plan: ContributionPlan, block: ContributionBlock) {
  var source = WeightSource(seed: seed)
  let inputs = source.tensor([samples] + network.inputShape)
  let plan = try ContributionPlan(
    network: network, taps: taps.map { try Tap($0, of: network) }, method: method, baseline: baseline,
    maxSamples: samples, rows: rows)
  return (plan, try plan.contributions(to: targets, inputs: inputs))
}
