import Foundation
import Networks
import Numerics
import Retina
import Runtime
import Storage
import TestSupport
import Testing

/// Networks in ONNX files that PyTorch's exporter made.
@Suite struct ONNXImportTests {
  @Test func retinaNetwork_hasTheRatesAndLayersOfItsSafetensors() throws {
    let (own, windows) = try RetinaCase.present[0].load()
    let model = try ModelFile.load(Fixtures.path("onnx/retina.onnx"), architectures: [])
    #expect(model.network.inputShape == own.network.inputShape)
    #expect(model.taps.map { model.network.shapes[$0] } == [[8, 18, 18], [8, 14, 14]])
    let some = windows.rows(0..<40)
    let rates = try Plan(network: model.network, batch: 40, taps: []).forward(some)
    let expected = try Plan(network: own.network, batch: 40, taps: []).forward(some)
    #expect(relativeDifference(rates, expected) < 1e-5)
  }

  @Test func normsAfterConvolutions_becomePartOfThem() throws {
    let network = try Network(
      name: "test", input: "x", inputShape: [2, 5, 4],
      nodes: [
        Node("conv", try Convolution(weight: counting([3, 2, 3, 3]), bias: [1, -2, 3]), inputs: ["x"]),
        Node(
          "norm",
          try BatchNorm(
            scale: [2, -1, 0.5], shift: [0, 1, 2], mean: [3, 4, 5], variance: [1, 2, 3], epsilon: 1e-3),
          inputs: ["conv"]), Node("relu", ReLU(), inputs: ["norm"]),
        Node("flat", Reshape(), inputs: ["relu"]),
      ], output: "flat")
    let folded = try network.foldingNorms()
    #expect(folded.tensors == ["x", "norm", "relu", "flat"])
    let input = counting([3, 2, 5, 4])
    let results = try [network, folded].map { try Plan(network: $0, batch: 3, taps: []).forward(input) }
    #expect(relativeDifference(results[1], results[0]) < 1e-6)
  }

  @Test func normsWhoseConvolutionIsReadElsewhere_stay() throws {
    let norm = try BatchNorm(scale: [2, 3], shift: [0, 1], mean: [0, 0], variance: [1, 1], epsilon: 0)
    let network = try Network(
      name: "test", input: "x", inputShape: [2, 5, 4],
      nodes: [
        Node("conv", try Convolution(weight: counting([2, 2, 1, 1])), inputs: ["x"]),
        Node("norm", norm, inputs: ["conv"]), Node("sum", Add(), inputs: ["conv", "norm"]),
      ], output: "sum")
    #expect(try network.foldingNorms().tensors == network.tensors)
  }

  private func counting(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(shape: shape, elements: (0..<count).map { Float(($0 * 37) % 19) / 10 - 0.9 })
  }
}

/// The retina's network written as ONNX. Nodes, weights and metadata are read back by this project alone here.
@Suite struct ONNXExportTests {
  @Test func writtenNetwork_isReadBackWithItsRatesLayersAndMetadata() throws {
    let (model, windows) = try RetinaCase.present[0].load()
    let path = try Fixtures.temporaryFolder().appending(path: "model.onnx").path
    try AtomicFile.write(try ONNXExport.bytes(of: model, software: "test"), to: path)
    let again = try ModelFile.load(path, architectures: [])
    #expect(again.taps == model.taps && again.unitIDs == model.unitIDs)
    #expect(again.preprocessing == model.preprocessing && again.defaultTarget == model.defaultTarget)
    let some = windows.rows(0..<20)
    let rates = try [model, again].map { try Plan(network: $0.network, batch: 20, taps: []).forward(some) }
    #expect(relativeDifference(rates[1], rates[0]) < 1e-6)
  }

  /// A network for pictures with metadata, written and read again.
  private func pictures(_ metadata: [String: String]) throws -> LoadedModel {
    let weight = Tensor(shape: [2, 3, 4, 4], repeating: 0.1)
    let network = try Network(
      name: "m", input: "x", inputShape: [3, 4, 4],
      nodes: [
        Node("conv", try Convolution(weight: weight), inputs: ["x"]),
        Node("flat", Reshape(), inputs: ["conv"]),
      ], output: "flat")
    let model = LoadedModel(
      network: network, taps: [], defaultTarget: "top:1",
      preprocessing: Preprocessing(
        mean: 0, standardDeviation: 1, history: 1, frameShape: [3, 4, 4], frameRate: nil), unitIDs: [0, 1],
      metadata: metadata)
    let path = try Fixtures.temporaryFolder().appending(path: "pictures.onnx").path
    try AtomicFile.write(try ONNXExport.bytes(of: model, software: "test"), to: path)
    return try ModelFile.load(path, architectures: [])
  }

  @Test func metadata_sayHowPicturesArePrepared() throws {
    let whole = [
      "mean": "[0.1, 0.2, 0.3]", "std": "[1, 2, 3]", "resize": "6", "interpolation": "bicubic",
      "classes": "[\"cat\", \"dog\"]",
    ]
    let model = try pictures(whole)
    let expected = ImagePreprocessing(
      size: [4, 4], resize: .shorterSide(6), interpolation: .bicubic, mean: [0.1, 0.2, 0.3],
      standardDeviation: [1, 2, 3])
    #expect(model.preprocessing == Preprocessing(expected))
    #expect(model.unitNames == ["cat", "dog"])
    #expect(try pictures([:]).preprocessing.image == nil)
    for (key, value, part) in [
      ("mean", "[0.5]", "as many numbers above 0 as there are channels, 3"),
      ("std", "[1, 1, 0]", "as many numbers above 0"), ("mean", "0.5", "a JSON list"),
      ("resize", "small", "a whole number above 0"), ("interpolation", "nearest", "bilinear or bicubic"),
      ("classes", "[\"cat\"]", "2 names, one for each output"),
    ] {
      let error = #expect(throws: CodecError.self) {
        try pictures(whole.merging([key: value]) { $1 })
      }
      #expect(error?.kind == .data && error?.description.contains(part) == true, "\(key) \(value)")
    }
  }

  @Test func operatorsWithoutAWrittenForm_areListed() throws {
    let network = try Network(
      name: "m", input: "x", inputShape: [4],
      nodes: [Node("soft", Softmax(), inputs: ["x"])], output: "soft")
    let model = LoadedModel(
      network: network, taps: [], defaultTarget: "sum",
      preprocessing: Preprocessing(
        mean: 0, standardDeviation: 1, history: 1, frameShape: [4], frameRate: nil), unitIDs: [0, 1, 2, 3],
      metadata: [:])
    let error = try #require(throws: CodecError.self) { try ONNXExport.bytes(of: model, software: "test") }
    #expect(error.description.contains("soft (softmax)"))
  }
}
