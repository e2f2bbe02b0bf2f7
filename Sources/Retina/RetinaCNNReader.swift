import Foundation
import Networks
import Numerics
import Runtime

/// Reads the parts of a retina network from a model file.
struct RetinaCNNReader {
  let weights: ModelWeights

  init(_ weights: ModelWeights) { self.weights = weights }

  /// History, frame and normalisation. The frame's channels follow from the first kernels' depth.
  func preprocessing() throws -> Preprocessing {
    let history = try weights.count("history")
    let size = try weights.text("frame").split(separator: "x", omittingEmptySubsequences: false).map {
      Int($0) ?? 0
    }
    guard size.count == 2, size.allSatisfy({ $0 > 0 }) else {
      throw weights.wrongMetadata("frame", expected: "height x width, such as 50x50")
    }
    let depth = try weights.tensor("conv1.weight", shape: [nil, nil, nil, nil]).shape[1]
    guard depth % history == 0, depth > 0 else {
      throw CodecError(
        .data,
        "tensor conv1.weight has \(depth) input channels, expected a multiple of the history \(history)",
        at: weights.name)
    }
    let deviation = try weights.number("norm_std")
    guard deviation > 0 else { throw weights.wrongMetadata("norm_std", expected: "a number above 0") }
    let frameRate = weights.metadata["frame_rate"] == nil ? nil : try weights.number("frame_rate")
    if let frameRate, frameRate <= 0 {
      throw weights.wrongMetadata("frame_rate", expected: "frames a second, above 0")
    }
    return Preprocessing(
      mean: Float(try weights.number("norm_mean")), standardDeviation: Float(deviation), history: history,
      frameShape: [depth / history] + size, frameRate: frameRate)
  }

  /// The graph from the window of frames to the cells' rates.
  func network(_ preprocessing: Preprocessing) throws -> Network {
    let frame = preprocessing.frameShape
    let window = [preprocessing.history * frame[0], frame[1], frame[2]]
    var nodes: [Node] = []
    var (shape, tensor) = (window, "stimulus")
    func append(_ name: String, _ operation: any Operator) throws {
      nodes.append(Node(name, operation, inputs: [tensor]))
      tensor = name
      shape = try operation.outputShape(of: [shape])
    }
    for layer in 1...2 {
      try append("conv\(layer)", try convolution("conv\(layer)", inputShape: shape))
      try append("norm\(layer)", try norm("bn\(layer)", channels: shape[0], units: shape.reduce(1, *)))
      try append("relu\(layer)", ReLU())
    }
    try append("flat", Reshape())
    let weight = try weights.tensor("dense.weight", shape: [nil, shape[0]])
    let cells = weight.shape[0]
    try append(
      "dense", try Dense(weight: weight, bias: weights.vector(ifPresent: "dense.bias", count: cells)))
    try append("norm3", try norm("bn3", channels: cells, units: cells))
    let scale = try rateScale(cells: cells)
    try append(scale == nil ? "rate" : "unscaled_rate", try outputNonlinearity())
    if let scale { try append("rate", Scale(by: scale)) }
    return try Network(
      name: weights.name, input: "stimulus", inputShape: window, nodes: nodes, output: tensor)
  }

  /// The cells' ids in the output's order: the `cells` entry, or 0, 1, 2, ….
  func cellIDs(count: Int) throws -> [Int] {
    guard weights.metadata["cells"] != nil else { return Array(0..<count) }
    guard let ids: [Int] = try? JSONDecoder().decode([Int].self, from: Data(try weights.text("cells").utf8)),
      ids.count == count, Set(ids).count == count
    else { throw weights.wrongMetadata("cells", expected: "a JSON list of \(count) different ids") }
    return ids
  }

  private func convolution(_ name: String, inputShape: [Int]) throws -> Convolution {
    let weight = try weights.tensor("\(name).weight", shape: [nil, inputShape[0], nil, nil])
    for axis in 1...2 where weight.shape[1 + axis] > inputShape[axis] {
      throw CodecError(
        .data,
        "tensor \(name).weight has kernels of \(weight.shape[2])×\(weight.shape[3]), larger than the layer's input "
          + "of \(inputShape[1])×\(inputShape[2])", at: weights.name)
    }
    return try Convolution(
      weight: weight, bias: weights.vector(ifPresent: "\(name).bias", count: weight.shape[0]))
  }

  private func norm(_ name: String, channels: Int, units: Int) throws -> BatchNorm {
    let count = try normCount(name, channels: channels, units: units)
    let parts = try ["weight", "bias", "running_mean", "running_var"].map { part in
      try weights.tensor("\(name).\(part)", shape: [count]).elements
    }
    let variance = parts[3]
    let epsilon = Float(try weights.number("bn_eps"))
    if let index = variance.firstIndex(where: { $0 < 0 || $0 + epsilon <= 0 }) {
      throw CodecError(
        .data, "tensor \(name).running_var holds \(variance[index]) at index \(index), expected a variance",
        at: weights.name)
    }
    return try BatchNorm(
      scale: parts[0], shift: parts[1], mean: parts[2], variance: variance, epsilon: epsilon)
  }

  /// How many numbers each vector of a norm has: as many as channels or as units, and as `norm` says.
  private func normCount(_ name: String, channels: Int, units: Int) throws -> Int {
    let found = weights.tensors["\(name).weight"]?.count
    switch weights.metadata["norm"] {
    case "unit": return units
    case "channel": return channels
    case nil:
      guard let found, found != channels, found != units else { return found ?? units }
      throw CodecError(
        .data,
        "tensor \(name).weight has \(found) numbers, expected \(channels) (per channel) or \(units) (per unit)",
        at: weights.name)
    default: throw weights.wrongMetadata("norm", expected: "unit or channel")
    }
  }

  private func outputNonlinearity() throws -> any Operator {
    switch try weights.text("output") {
    case "softplus": Softplus()
    case "exponential": Exponential()
    case "linear": Scale(by: 1)
    default: throw weights.wrongMetadata("output", expected: "softplus, exponential or linear")
    }
  }

  private func rateScale(cells: Int) throws -> [Float]? {
    guard let text = weights.metadata["rate_scale"] else { return nil }
    guard let scale = try? JSONDecoder().decode([Float].self, from: Data(text.utf8)), scale.count == cells,
      scale.allSatisfy({ $0.isFinite && $0 > 0 })
    else { throw weights.wrongMetadata("rate_scale", expected: "a JSON list of \(cells) factors above 0") }
    return scale
  }
}
