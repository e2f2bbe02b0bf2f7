import Networks
import Numerics
import Runtime

/// Reads an image classifier's layers and metadata, remembering which tensors it used: what is left over at the end
/// belongs to another kind of network.
struct ImageModelReader {
  let weights: ModelWeights
  private var used: Set<String> = []

  init(_ weights: ModelWeights) { self.weights = weights }

  /// A tensor that must be there.
  mutating func tensor(_ name: String, shape: [Int?]) throws -> Tensor {
    used.insert(name)
    return try weights.tensor(name, shape: shape)
  }

  /// A vector that may be missing.
  mutating func vector(ifPresent name: String, count: Int) throws -> [Float]? {
    used.insert(name)
    return try weights.vector(ifPresent: name, count: count)
  }

  func contains(_ name: String) -> Bool { weights.tensors[name] != nil }

  /// A square convolution without bias whose padding keeps the image's size at stride 1.
  mutating func convolution(_ name: String, inputs: Int, kernel: Int? = nil, stride: Int = 1) throws
    -> Convolution
  {
    let weight = try tensor("\(name).weight", shape: [nil, nil, kernel, kernel])
    guard weight.shape[1] > 0, inputs % weight.shape[1] == 0, weight.shape[2] == weight.shape[3] else {
      throw CodecError(
        .data, "tensor \(name).weight has shape \(weight.shape), expected one that takes \(inputs) channels",
        at: weights.name)
    }
    let padding = weight.shape[2] / 2
    return try Convolution(
      weight: weight,
      geometry: .init(
        stride: [stride, stride], padding: [padding, padding], groups: inputs / weight.shape[1]))
  }

  /// A batch norm with settled statistics.
  mutating func batchNorm(_ name: String, channels: Int, epsilon: Float) throws -> BatchNorm {
    func part(_ suffix: String, _ reader: inout ImageModelReader) throws -> [Float] {
      try reader.tensor("\(name).\(suffix)", shape: [channels]).elements
    }
    used.insert("\(name).num_batches_tracked")
    return try BatchNorm(
      scale: part("weight", &self), shift: part("bias", &self), mean: part("running_mean", &self),
      variance: part("running_var", &self), epsilon: epsilon)
  }

  /// A fully connected layer; its number of outputs is known or taken from the tensor.
  mutating func dense(_ name: String, inputs: Int, outputs: Int? = nil) throws -> Dense {
    let weight = try tensor("\(name).weight", shape: [outputs, inputs])
    return try Dense(weight: weight, bias: vector(ifPresent: "\(name).bias", count: weight.shape[0]))
  }

  /// A layer norm over the last axis.
  mutating func layerNorm(_ name: String, width: Int, epsilon: Float) throws -> LayerNorm {
    try LayerNorm(
      scale: tensor("\(name).weight", shape: [width]).elements,
      shift: tensor("\(name).bias", shape: [width]).elements, epsilon: epsilon)
  }

  /// - Throws: `CodecError` of kind `data` naming tensors that no layer asked for.
  func checkNothingIsLeft(family: String) throws {
    let left = weights.tensors.keys.filter { !used.contains($0) }.sorted()
    guard !left.isEmpty else { return }
    let shown = left.prefix(5).joined(separator: ", ") + (left.count > 5 ? " and \(left.count - 5) more" : "")
    throw CodecError(
      .data, "tensors that no layer of a \(family) has: \(shown)", at: weights.name,
      remedy: "export the network to ONNX, which holds its structure too")
  }
}

/// What image classifiers do with pictures when their file does not say.
struct ImageDefaults {
  let resize: ImagePreprocessing.Resize
  let interpolation: ImagePreprocessing.Interpolation
  let mean: Float?
  let epsilon: Double

  /// torchvision's and timm's convolutional networks: ImageNet's statistics, shorter side 256, bilinear.
  static let imageNet = ImageDefaults(
    resize: .shorterSide(256), interpolation: .bilinear, mean: nil, epsilon: 1e-5)
}

extension ImageModelReader {
  /// Mean and standard deviation of ImageNet's colours.
  private static let imageNet: (mean: [Float], deviation: [Float]) = (
    [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
  )

  /// Added to the variance of norms: the entry `norm_eps`.
  func epsilon(_ defaults: ImageDefaults) throws -> Float {
    guard weights.metadata["norm_eps"] != nil else { return Float(defaults.epsilon) }
    let value = try weights.number("norm_eps")
    guard value > 0 else { throw weights.wrongMetadata("norm_eps", expected: "a number above 0") }
    return Float(value)
  }

  /// The side of the network's input in pixels: the entry `image`, or `side` where there is none.
  func imageSide(orElse side: Int) throws -> Int {
    weights.metadata["image"] == nil ? side : try weights.count("image")
  }

  /// How pictures become inputs, by the entries `resize`, `interpolation`, `mean` and `std`.
  func preprocessing(side: Int, channels: Int, defaults: ImageDefaults) throws -> Preprocessing {
    let colours = try colourStatistics(channels: channels, defaults: defaults)
    return Preprocessing(
      ImagePreprocessing(
        size: [side, side], resize: try resize(defaults, side: side),
        interpolation: try interpolation(defaults), mean: colours.mean,
        standardDeviation: colours.deviation))
  }

  private func resize(_ defaults: ImageDefaults, side: Int) throws -> ImagePreprocessing.Resize {
    guard let text = weights.metadata["resize"] else {
      guard case .shorterSide(let length) = defaults.resize else { return defaults.resize }
      // The usual length belongs to inputs of 224 pixels.
      return .shorterSide(max(side, (length * side + 112) / 224))
    }
    if text == "squash" { return .squash }
    guard let length = Int(text), length >= side else {
      throw weights.wrongMetadata("resize", expected: "squash or a whole number of at least \(side) pixels")
    }
    return .shorterSide(length)
  }

  private func interpolation(_ defaults: ImageDefaults) throws -> ImagePreprocessing.Interpolation {
    guard let text = weights.metadata["interpolation"] else { return defaults.interpolation }
    guard let found = ImagePreprocessing.Interpolation(rawValue: text) else {
      let known = ImagePreprocessing.Interpolation.allCases.map(\.rawValue).joined(separator: " or ")
      throw weights.wrongMetadata("interpolation", expected: known)
    }
    return found
  }

  private func colourStatistics(channels: Int, defaults: ImageDefaults) throws -> (
    mean: [Float], deviation: [Float]
  ) {
    let isColour = channels == Self.imageNet.mean.count && defaults.mean == nil
    let usual = Array(repeating: defaults.mean ?? 0.5, count: channels)
    let mean = try numbers("mean", count: channels) ?? (isColour ? Self.imageNet.mean : usual)
    let deviation = try numbers("std", count: channels) ?? (isColour ? Self.imageNet.deviation : usual)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw weights.wrongMetadata("std", expected: "numbers above 0")
    }
    return (mean, deviation)
  }

  private func numbers(_ key: String, count: Int) throws -> [Float]? {
    guard let values: [Float] = try weights.list(key) else { return nil }
    guard values.count == count, values.allSatisfy(\.isFinite) else {
      throw weights.wrongMetadata(key, expected: "\(count) numbers as a JSON list")
    }
    return values
  }

  /// Names of the classes: the entry `classes`, a JSON list.
  func classNames(count: Int) throws -> [String]? {
    guard let names: [String] = try weights.list("classes") else { return nil }
    guard names.count == count else {
      throw CodecError(
        .data, "the metadata entry classes has \(names.count) names, and the network \(count) outputs",
        at: weights.name)
    }
    return names
  }
}
