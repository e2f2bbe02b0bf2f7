import ONNXSchema
import Runtime

/// Networks in ONNX files (opset 11 and newer), whatever made them.
///
/// Tensors keep the names they have in the file. Layers are suggested: where residual branches meet, or every
/// nonlinearity. The file's metadata (`metadata_props`) say what they say in safetensors: `history`, `norm_mean`,
/// `norm_std`, `cells` of a retina's network; `layers`; `mean`, `std`, `resize`, `interpolation`, `classes` of one for
/// pictures.
enum ONNXModelFile {
  /// Reads a model.
  /// - Throws: `CodecError` of kind `fileSystem` or `data`; all nodes that cannot be run are listed together.
  static func load(_ path: String) throws -> LoadedModel {
    let file = try ONNXFile(reading: path)
    var importer = try ONNXImporter(file)
    let network = try importer.network()
    let weights = ModelWeights(
      name: file.name, tensors: [:],
      metadata: Dictionary(file.model.metadataProps.map { ($0.key, $0.value) }) { first, _ in first })
    let units = network.outputShape[0]
    let isRetina = weights.metadata["history"] != nil
    return LoadedModel(
      network: network, taps: try taps(weights, of: network), reductions: importer.reductions(in: network),
      defaultTarget: isRetina ? "surprisal" : "top:1",
      preprocessing: isRetina
        ? try windows(weights, shape: network.inputShape) : try pictures(weights, shape: network.inputShape),
      unitIDs: try ids(weights, count: units), unitNames: try names(weights, count: units),
      metadata: weights.metadata)
  }

  /// The preprocessing of a network for movies.
  private static func windows(_ weights: ModelWeights, shape: [Int]) throws -> Preprocessing {
    let history = try weights.count("history")
    guard shape.count == 3, shape[0] % history == 0 else {
      throw weights.wrongMetadata(
        "history", expected: "a divisor of the input's \(shape.first ?? 0) channels")
    }
    let deviation = weights.metadata["norm_std"] == nil ? 1 : try weights.number("norm_std")
    guard deviation > 0 else { throw weights.wrongMetadata("norm_std", expected: "a number above 0") }
    return Preprocessing(
      mean: weights.metadata["norm_mean"] == nil ? 0 : Float(try weights.number("norm_mean")),
      standardDeviation: Float(deviation), history: history,
      frameShape: [shape[0] / history] + Array(shape[1...]),
      frameRate: weights.metadata["frame_rate"] == nil ? nil : try weights.number("frame_rate"))
  }

  /// The preprocessing of a network for pictures, or for arrays where the file says nothing of pictures.
  private static func pictures(_ weights: ModelWeights, shape: [Int]) throws -> Preprocessing {
    guard shape.count == 3, let mean: [Float] = try weights.list("mean"),
      let deviation: [Float] = try weights.list("std")
    else {
      return Preprocessing(mean: 0, standardDeviation: 1, history: 1, frameShape: shape, frameRate: nil)
    }
    guard mean.count == shape[0], deviation.count == shape[0], deviation.allSatisfy({ $0 > 0 }) else {
      throw weights.wrongMetadata(
        "std", expected: "as many numbers above 0 as there are channels, \(shape[0])")
    }
    let resize: ImagePreprocessing.Resize =
      ["squash", nil].contains(weights.metadata["resize"])
      ? .squash : .shorterSide(try weights.count("resize"))
    let interpolation = weights.metadata["interpolation"] ?? "bilinear"
    guard let chosen = ImagePreprocessing.Interpolation(rawValue: interpolation) else {
      throw weights.wrongMetadata("interpolation", expected: "bilinear or bicubic")
    }
    return Preprocessing(
      ImagePreprocessing(
        size: Array(shape[1...]), resize: resize, interpolation: chosen, mean: mean,
        standardDeviation: deviation))
  }

  /// The layers named by the entry `layers`, a JSON list, or the suggested ones.
  private static func taps(_ weights: ModelWeights, of network: Network) throws -> [String] {
    guard let layers: [String] = try weights.list("layers") else { return network.suggestedTaps }
    for layer in layers where network.shapes[layer] == nil {
      throw weights.wrongMetadata("layers", expected: "tensors of the graph; \(layer) is none")
    }
    return layers
  }

  private static func ids(_ weights: ModelWeights, count: Int) throws -> [Int] {
    guard let ids: [Int] = try weights.list("cells") else { return Array(0..<count) }
    guard ids.count == count, Set(ids).count == count else {
      throw weights.wrongMetadata("cells", expected: "\(count) different ids")
    }
    return ids
  }

  private static func names(_ weights: ModelWeights, count: Int) throws -> [String]? {
    guard let names: [String] = try weights.list("classes") else { return nil }
    guard names.count == count else {
      throw weights.wrongMetadata("classes", expected: "\(count) names, one for each output")
    }
    return names
  }
}

extension ONNXImporter {
  /// How tensors are summed to channels where their shape does not say it: those with channels last, for example.
  func reductions(in network: Network) -> [String: LayerReduction] {
    var result: [String: LayerReduction] = [:]
    for case .computed(let tensor) in values.values {
      if let axis = tensor.channelAxis, let shape = network.shapes[tensor.name], shape == tensor.networkShape
      {
        result[tensor.name] = LayerReduction(channelAxis: axis)
      }
    }
    return result
  }
}

extension Network {
  /// Layers worth looking at, where nobody named them: residual sums that everything passes through, each after its
  /// rectifier; or else every nonlinearity or product of two tensors before the output.
  var suggestedTaps: [String] {
    let sums = nodes.filter { $0.operation is Add }.map { sum -> String in
      let readers = nodes.filter { $0.inputs.contains(sum.output) }
      return readers.count == 1 && readers[0].operation.isRectifier ? readers[0].output : sum.output
    }
    let cuts = sums.filter { $0 != output && isFullCut($0) }
    if cuts.count > 1 { return cuts }
    return nodes.filter { $0.operation.isNonlinearity && $0.output != output }.map(\.output)
  }
}

extension Operator {
  fileprivate var isRectifier: Bool { self is ReLU || self is Clip }

  fileprivate var isNonlinearity: Bool {
    isRectifier || self is GELU || self is SiLU || self is HardSwish || self is LeakyReLU || self is Softplus
      || self is Tanh || self is Sigmoid || isGate
  }

  /// A product of two tensors: what a decomposed GELU or SiLU ends with.
  private var isGate: Bool {
    (self as? Arithmetic).map { $0.operation == .multiply && !$0.isAffine } ?? false
  }
}
