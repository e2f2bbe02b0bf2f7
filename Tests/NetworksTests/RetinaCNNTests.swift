import Foundation
import Networks
import Numerics
import Retina
import Runtime
import Storage
import TestSupport
import Testing

/// The retina network from its file: values and gradients against the fixtures, and what it refuses.
@Suite struct RetinaCNNTests {
  @Test(arguments: RetinaCase.present) func rates_equalTheReference(_ example: RetinaCase) throws {
    let (model, windows) = try example.load()
    let plan = try Plan(network: model.network, batch: 40, taps: [])
    let rates = try stride(from: 0, to: windows.rows, by: 40).flatMap {
      try plan.forward(windows.rows($0..<min($0 + 40, windows.rows))).elements.map(Double.init)
    }
    let expected: [Double] = try H5File(reading: example.expected).dataset("rate").numbers()
    #expect(relativeDifference(rates, expected) < 1e-5)
  }

  @Test(arguments: RetinaCase.present) func receptiveFields_equalTheReference(_ example: RetinaCase) throws {
    let (model, windows) = try example.load()
    let file = try H5File(reading: example.expected)
    let expected = try file.dataset("irf").tensor()
    let rows: [Int] = try file.dataset("picked_rows").numbers()
    let cells = model.unitIDs.count
    let plan = try Plan(network: model.network, batch: cells, taps: [model.network.input])
    let oneHot = Tensor(
      shape: [cells, cells], elements: (0..<cells * cells).map { $0 % (cells + 1) == 0 ? 1 : 0 })
    let fields = try rows.flatMap { row in
      let window = Array(windows.row(row))
      _ = try plan.forward(
        Tensor(shape: [cells] + model.network.inputShape, elements: (0..<cells).flatMap { _ in window }))
      try plan.reverse(oneHot)
      return try plan.gradient(of: model.network.input).elements
    }
    #expect(relativeDifference(Tensor(shape: expected.shape, elements: fields), expected) < 1e-5)
  }

  @Test(arguments: RetinaCase.present) func layers_areFullCutsOfTheNamedShapes(_ example: RetinaCase) throws {
    let network = try example.load().model.network
    #expect(RetinaCNN.taps.allSatisfy(network.isFullCut))
    let conv1 = example.name == "retina" ? [8, 18, 18] : [8, 1, 21]
    let conv2 = example.name == "retina" ? [8, 14, 14] : [8, 1, 15]
    #expect(RetinaCNN.taps.map { network.shapes[$0] } == [conv1, conv1, conv2, conv2])
    #expect(network.seriesHead?.output == "conv1")
  }

  @Test func preprocessing_comesFromTheMetadata() throws {
    let model = try RetinaCNN().load(smallWeights())
    #expect(
      model.preprocessing
        == Preprocessing(mean: 0.5, standardDeviation: 2, history: 4, frameShape: [1, 6, 5], frameRate: 50))
    #expect(model.unitIDs == [4, 7])
    #expect(model.defaultTarget == "surprisal" && model.taps == ["conv1", "relu1", "conv2", "relu2"])
  }

  @Test func norms_perChannelEqualNormsPerUnitWithRepeatedNumbers() throws {
    let perChannel = try smallWeights(isPerUnit: false)
    var repeated = perChannel.tensors
    for (name, pixels) in [("bn1", 16), ("bn2", 6)] {
      for part in ["weight", "bias", "running_mean", "running_var"] {
        let values = repeated["\(name).\(part)"]!.elements.flatMap { [Float](repeating: $0, count: pixels) }
        repeated["\(name).\(part)"] = Tensor(shape: [values.count], elements: values)
      }
    }
    var stream = RandomStream(seed: 31)
    let input = randomTensor([3, 4, 6, 5], &stream)
    let outputs = try [
      perChannel,
      ModelWeights(
        name: "m", tensors: repeated, metadata: perChannel.metadata.merging(["norm": "unit"]) { $1 }),
    ].map { try Plan(network: try RetinaCNN().load($0).network, batch: 3, taps: []).forward(input) }
    #expect(relativeDifference(outputs[0], outputs[1]) < 1e-6)
  }

  @Test func outputs_areTheNamedNonlinearities() throws {
    var stream = RandomStream(seed: 32)
    let input = randomTensor([2, 4, 6, 5], &stream)
    func rates(_ output: String, _ extra: [String: String] = [:]) throws -> [Float] {
      let weights = try smallWeights(metadata: ["output": output].merging(extra) { $1 })
      let network = try RetinaCNN().load(weights).network
      #expect(network.output == "rate")
      return try Plan(network: network, batch: 2, taps: []).forward(input).elements
    }
    let linear = try rates("linear")
    for (found, x) in zip(try rates("softplus"), linear) { #expect(abs(found - log1p(exp(x))) < 1e-5) }
    for (found, x) in zip(try rates("exponential"), linear) { #expect(abs(found / exp(x) - 1) < 1e-5) }
    let scaled = try rates("linear", ["rate_scale": "[2, 0.5]"])
    #expect(scaled == zip(linear, [2, 0.5, 2, 0.5]).map { $0 * $1 })
  }
}
