import Contributions
import Networks
import Numerics
import Storage
import TestSupport
import Testing
import VisionAdapters

/// A small trained network with the values that must come out, computed in double precision by PyTorch.
struct ReferenceNetwork {
  let model: LoadedModel
  let expected: H5File
  let input: Tensor
  /// The model's tensor and the fixture's name of each layer.
  let layers: [(tensor: String, name: String)]

  /// - Parameters:
  ///   - name: `resnet` or `vit`, or either with `.onnx`.
  init(_ name: String) throws {
    let parts = name.split(separator: ".").map(String.init)
    let isONNX = parts.count == 2
    model = try ModelFile.load(
      Fixtures.path(isONNX ? "onnx/\(name)" : "\(name)/model.safetensors"), architectures: [ResNet(), ViT()])
    layers = isONNX ? Self.layers(of: model) : model.taps.map { ($0, $0) }
    expected = try H5File(reading: Fixtures.path("\(parts[0])/expected.h5"))
    input = try expected.dataset("input").tensor()
  }

  /// The blocks of an imported ResNet are its suggested layers. A transformer's blocks have two residual sums and four
  /// products each, the second of which reads what the heads mixed and the fourth what the GELU made.
  private static func layers(of model: LoadedModel) -> [(tensor: String, name: String)] {
    let products = model.network.nodes.filter { $0.operation is Dense }
    guard products.count > 1 else { return model.taps.enumerated().map { ($1, "block\($0)") } }
    var layers: [(tensor: String, name: String)] = []
    for block in 0..<products.count / 4 {
      layers.append((model.taps[2 * block + 1], "token\(block)"))
      layers.append((products[4 * block + 1].inputs[0], "attention\(block)"))
      layers.append((products[4 * block + 3].inputs[0], "mlp\(block)"))
    }
    return layers
  }

  func numbers(_ path: String) throws -> [Double] { try expected.dataset(path).numbers() }

  /// The largest difference over the largest magnitude expected.
  func difference(_ values: some Collection<Double>, _ path: String) throws -> Double {
    let expected = try numbers(path)
    guard values.count == expected.count, values.allSatisfy(\.isFinite) else { return .infinity }
    let scale = expected.reduce(0) { max($0, abs($1)) }
    return zip(values, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(scale, 1e-30)
  }

  /// Each sample's differences over the largest magnitude expected.
  func differences(_ values: some Collection<Double>, _ path: String) throws -> [[Double]] {
    let (expected, found) = (try numbers(path), Array(values))
    let scale = max(expected.reduce(0) { max($0, abs($1)) }, 1e-30)
    let (samples, row) = (input.shape[0], expected.count / input.shape[0])
    guard found.count == expected.count else { return [[.infinity]] }
    return (0..<samples).map { sample in
      (sample * row..<(sample + 1) * row).map { (found[$0] - expected[$0]) / scale }
    }
  }

  /// The largest of a sample's differences along a path, after what rectifiers on the verge of switching explain: single
  /// precision cannot tell on which side of 0 their inputs are (`scripts/fixtures/rectifier_switches.py`). Each of
  /// them has switched or not, for all layers and targets alike.
  /// - Parameter changes: the fixture's name for what switching each of them changes.
  func unexplained(_ differences: [Double], _ changes: String) throws -> Double {
    let file = try H5File(reading: Fixtures.path("resnet/switches.h5"))
    let (changes, count) = (try file.dataset(changes).numbers(Double.self), differences.count)
    return (0..<1 << (changes.count / count)).map { set in
      differences.indices.reduce(0) { largest, index in
        var rest = differences[index]
        for row in 0..<changes.count / count where set >> row & 1 == 1 {
          rest -= changes[row * count + index]
        }
        return rest.isFinite ? max(largest, abs(rest)) : .infinity
      }
    }.min()!
  }

  /// Every tap of the model.
  func taps() throws -> [Tap] {
    try layers.map { try Tap($0.tensor, of: model.network, reduction: model.reductions[$0.tensor]) }
  }

  func target(_ group: String) throws -> any Target {
    let (spelling, softmax) = Self.targets[group]!
    return try TargetChoice(parsing: spelling).target(
      unitIDs: model.unitIDs.map(String.init), appliesSoftmax: softmax)
  }

  static let all = ["resnet", "vit", "resnet.onnx", "vit.onnx"]

  /// The fixture's groups as the command line spells them.
  static let targets: [String: (spelling: String, softmax: Bool)] = [
    "top1_logit": ("top:1", false), "top1_softmax": ("top:1", true), "top3_logit": ("top:3", false),
    "entropy": ("entropy", false), "contrastive": ("contrastive", false), "class4": ("class:4", false),
  ]
}

private let methods: [(group: String, method: ContributionMethod)] = [
  ("ig10", .ig(rule: .trapezoid, steps: .fixed(10))), ("actgrad", .actgrad(hiddenBaseline: .zero)),
  ("actnormgrad", .actnormgrad), ("inputgrad", .inputgrad),
]

/// The small ResNet and ViT against PyTorch: every target, algorithm and layer.
@Suite struct ReferenceNetworkTests {
  @Test(arguments: ReferenceNetwork.all) func logits_equalPyTorchs(_ name: String) throws {
    let reference = try ReferenceNetwork(name)
    let plan = try Plan(network: reference.model.network, batch: 6, taps: [])
    let logits = try plan.forward(reference.input).elements.map(Double.init)
    #expect(try reference.difference(logits, "logits") < 1e-4)
  }

  @Test(arguments: ReferenceNetwork.all, methods.map(\.group))
  func contributions_equalTheReference(_ name: String, _ algorithm: String) throws {
    let reference = try ReferenceNetwork(name)
    let groups = ReferenceNetwork.targets.keys.sorted().filter {
      reference.expected.contains("\($0)/\(algorithm)/\(reference.layers[0].name)/negative")
    }
    #expect(groups.count == (algorithm == "inputgrad" ? 2 : 6))
    let plan = try ContributionPlan(
      network: reference.model.network, taps: try reference.taps(),
      method: methods.first { $0.group == algorithm }!.method, maxSamples: 6, rows: 16)
    let block = try plan.contributions(
      to: try groups.map(reference.target), inputs: reference.input)
    let meetsRectifiers = name.hasPrefix("resnet") && algorithm == "ig10"
    var differences: [Int: [Double]] = [:]
    for (index, group) in groups.enumerated() {
      let target = block.targets[index]
      #expect(try reference.difference(target.values, "\(group)/target") < 1e-4)
      #expect(try reference.difference(target.baselineValues, "\(group)/target_at_zero") < 1e-4)
      for (layer, sums) in zip(reference.layers, try block.sums(ofTarget: index, on: plan)) {
        let path = "\(group)/\(algorithm)/\(layer.name)"
        for (sign, values) in [("negative", sums.negative), ("positive", sums.positive)] {
          let part = try reference.differences(values.elements, "\(path)/\(sign)")
          if meetsRectifiers {
            for (sample, part) in part.enumerated() { differences[sample, default: []] += part }
          } else {
            #expect(part.joined().allSatisfy { abs($0) < 2e-4 }, "\(path)/\(sign)")
          }
        }
      }
    }
    for (sample, differences) in differences {
      #expect(try reference.unexplained(differences, "sums\(sample)") < 2e-4, "sample \(sample)")
    }
  }

  @Test(arguments: ReferenceNetwork.all) func activationsAndMaps_equalTheReference(_ name: String) throws {
    let reference = try ReferenceNetwork(name)
    let plan = try ContributionPlan(
      network: reference.model.network, taps: try reference.taps(),
      method: .ig(rule: .trapezoid, steps: .fixed(10)), maxSamples: 6, rows: 16)
    let block = try plan.contributions(
      to: [try reference.target("top1_logit")], inputs: reference.input)
    var differences: [Int: [Double]] = [:]
    for (index, tap) in reference.layers.enumerated() {
      let sums = block.activations[index]
      let plain = zip(sums.negative.elements, sums.positive.elements).map { $0 + $1 }
      #expect(try reference.difference(plain, "activation/\(tap.name)") < 2e-4, "\(tap.name)")
      guard reference.expected.contains("maps/\(tap.name)") else { continue }
      let map = block.targets[0].maps[index].map(Double.init)
      for (sample, part) in try reference.differences(map, "maps/\(tap.name)").enumerated() {
        differences[sample, default: []] += part
      }
    }
    for (sample, differences) in differences {
      let rest =
        name.hasPrefix("resnet")
        ? try reference.unexplained(differences, "maps\(sample)") : differences.map(abs).max()!
      #expect(rest < 2e-4, "maps of sample \(sample)")
    }
  }

  @Test(arguments: [
    ("resnet", "ablation", "block12"), ("vit", "ablation/mlp3", "mlp3"),
    ("vit", "ablation/attention9", "attention9"), ("vit", "ablation/token7", "token7"),
    ("resnet.onnx", "ablation", "block12"), ("vit.onnx", "ablation/attention9", "attention9"),
  ])
  func ablation_givesTheReferencesLogits(_ name: String, _ group: String, _ layer: String) throws {
    let reference = try ReferenceNetwork(name)
    let network = reference.model.network
    let channels = try reference.expected.dataset("\(group)/channels").numbers(Int.self)
    let tensor = try #require(reference.layers.first { $0.name == layer }).tensor
    let tap = try Tap(tensor, of: network, reduction: reference.model.reductions[tensor])
    var mask = Tensor(
      shape: tap.shape.count == 3 ? [tap.channels, 1, 1] : [tap.channels], repeating: 1)
    for channel in channels { mask.elements[channel] = 0 }
    let ablated = try network.inserting(Arithmetic(.multiply, mask), after: tensor)
    let logits = try Plan(network: ablated, batch: 6, taps: []).forward(reference.input)
    #expect(try reference.difference(logits.elements.map(Double.init), "\(group)/logits") < 1e-4)
  }
}
